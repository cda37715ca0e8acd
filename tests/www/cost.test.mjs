// What is said beside a button of bytes to come and of memory that they take.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageModule } from './page-module.mjs';

const { cost } = await pageModule('steps/step.js');

/** @param {number | undefined} gigabytes that the browser says the device has */
const onDevice = (gigabytes) =>
  Object.defineProperty(globalThis, 'navigator', {
    value: { deviceMemory: gigabytes },
    configurable: true,
  });

test('much weights are told as memory, and as too much where the device has little', () => {
  const of = (/** @type {number} */ count, cached = 0) =>
    cost({ host: 'huggingface.co', bytes: count, cached, known: true });
  onDevice(undefined);
  assert.equal(of(36e6), 'Downloads 36 MB from huggingface.co, once.');
  assert.match(of(6.2e9), /once\. Takes at least 6\.2 GB of memory\.$/);
  assert.match(of(0, 6.2e9), /Takes at least 6\.2 GB of memory\.$/);
  onDevice(2);
  assert.match(of(600e6), /once\. That is much memory for this device, which has about 2 GB: /);
  onDevice(8);
  assert.doesNotMatch(of(600e6), /memory/);
  assert.match(of(6.2e9), /6\.2 GB of memory\. That is much memory for this device/);
  assert.equal(cost(null), '');
});
