// Runs a bundle of code/ together with what V8 made of it when it was built (src/code-cache.ts): compiling is half of a start. Another
// Node than that of the build refuses the latter, and compiles.
const fs = require("node:fs");
const vm = require("node:vm");

/** @param name of the bundle @returns its script, for whoever wants to keep what V8 has made of it by then */
module.exports = function load(name) {
  const filename = `${__dirname}/code/${name}.js`;
  const cachedData = readIfThere(`${__dirname}/code/${name}.cache`);
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  // what is not ASCII stands in comments only, and as UTF-8 the text would take twice the memory
  const script = new vm.Script(fs.readFileSync(filename, "latin1"), { filename, cachedData, importModuleDynamically });
  script.runInThisContext()(require, __dirname);
  return script;
};

function readIfThere(path) {
  try {
    return fs.readFileSync(path);
  } catch {
    return undefined;
  }
}
