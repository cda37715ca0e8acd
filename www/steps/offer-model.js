// The ways out of a problem that lead to the choice of a model.

import { byId } from '../kit/dom.js';

/**
 * Leads to where another model is chosen.
 * @param {'disk' | 'address'} offer
 */
export function offerModel(offer) {
  if (offer === 'disk') {
    byId('model-files', HTMLInputElement).click();
    return;
  }
  byId('model-menu', HTMLDetailsElement).open = true;
  byId('model-url', HTMLInputElement).checked = true;
  const address = byId('model-address', HTMLInputElement);
  address.focus();
  address.select();
}
