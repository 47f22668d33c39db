// The optional script of the pages: nothing needs it. It stores nothing and asks nobody.
"use strict";
