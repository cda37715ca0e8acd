// What has to run before the page is drawn. Modules run too late for that, so the
// build makes one classic script of these.

import './ahead.js';
import './frame.js';
import './startup.js';
import './theme.js';
import './model.js';
