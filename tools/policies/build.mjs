#!/usr/bin/env node
// `npm run policies:build`. The program itself is compiled with everything else.
import '../../dist/tools/policies/build.js';
