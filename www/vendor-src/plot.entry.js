// The part of Observable Plot that the ablation chart uses. It is bundled to
// vendor/plot.js, which the page imports only when there is a chart to draw.
export { axisX, dot, gridX, link, plot, ruleX } from '@observablehq/plot';
