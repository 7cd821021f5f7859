#!/usr/bin/env node
// `npm run policies:test`. The program itself is compiled with everything else.
import '../../dist/tools/policies/test.js';
