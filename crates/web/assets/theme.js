// Runs before the first paint, so that a page kept in the browser's cache never flashes the other theme.
(function () {
  "use strict";
  var root = document.documentElement;
  root.dataset.js = "";
  var found = /(?:^|;\s*)theme=(auto|light|dark)(?:;|$)/.exec(document.cookie);
  if (found) root.dataset.theme = found[1];
})();
