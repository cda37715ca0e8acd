// The part of Observable Plot that the charts use. It is bundled to
// vendor/plot.js, which the page imports only when there is a chart to draw.
export { axisX, axisY, dot, gridX, gridY, link, plot, ruleX, ruleY } from '@observablehq/plot';
