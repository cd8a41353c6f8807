#!/usr/bin/env node
// Plain old JavaScript, so that any Node can read it: what follows needs Node 24, and an older one is told so.
var major = parseInt(process.versions.node, 10);
if (major < 24) {
  console.error("vipd needs Node.js 24 or newer; this is " + process.version + " (" + process.execPath + ")");
  process.exit(1);
}
import("./main.js");
