#!/usr/bin/env node
// Plain old JavaScript, so that any Node can read it: what follows needs Node 24, and an older one is told so.
// For a daemon it starts the thread that reads the file and the vrrp process first: they load while main.js does.
var major = parseInt(process.versions.node, 10);
if (major < 24) {
  console.error("vipd needs Node.js 24 or newer; this is " + process.version + " (" + process.execPath + "); in a clone run " +
    "node_modules/.bin/node dist/vipd.js, which the build has brought; what \"npm run dist\" packs has a Node of its own");
  process.exit(1);
}

var COMMANDS = ["check", "explain", "completion", "status", "metrics", "log", "reload", "stop", "sweep", "help"];
var ONCE = /^(-h|--help|-v|--version|-t.*|--config-test.*|--signum.*)$/;
var args = process.argv.slice(2);
var first = args.join("\n").replace(/^(--(run|state)-dir[=\n].*(\n|$))+/, "").split("\n")[0];
var daemon = COMMANDS.indexOf(first) < 0 && !args.some(function (word) { return ONCE.test(word); });

// Without a listener USR1 would open Node's inspector and the others would end the process: they wait here for main.js.
var pending = [];
var hearsRealtime = false;
/** Main.js, once it listens. */
var listener;
if (daemon) {
  ["SIGUSR1", "SIGUSR2", "SIGHUP"].concat(args.indexOf("--ignore-sigint") < 0 ? [] : ["SIGINT"]).forEach(function (name) {
    process.on(name, function () { if (pending) pending.push(name); });
  });
  hearsRealtime = takeRealtimeSignals();
}

/** Those above 31, which end Node even with a listener: by the addon, as in native/dgram-ext/signals.ts. It refuses the numbers that are none. */
function takeRealtimeSignals() {
  var addon = { exports: {} };
  try {
    process.dlopen(addon, __dirname + "/dgram_ext.node");
  } catch (error) {
    return false; // main.js says so
  }
  var handle = addon.exports.openSignals();
  if (typeof handle === "number") return false;
  for (var number = 32; number < 128; number++) addon.exports.addSignal(handle, number);
  addon.exports.watch(handle, function (number) { if (pending) pending.push(number); else listener(number); }, false);
  addon.exports.reference(handle, false);
  return true;
}

/** The thread that reads the file, with the limits of read-config.ts. */
function startReader() {
  var Worker = process.getBuiltinModule("worker_threads").Worker;
  var limits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 192 };
  var reader = new Worker(__dirname + "/reader.js", { resourceLimits: limits, execArgv: [] });
  reader.on("error", function () {}); // then read-config.ts starts another
  reader.unref();
  return reader;
}

// Short collections rather than seldom ones, for adverts wait for them; and what was rehearsed stays compiled until it is needed.
var FLAGS = { vrrp: ["--max-semi-space-size=1", "--no-flush-bytecode"] };

/** Starts the entry file of a role. What goes wrong is kept in `failed`, for nobody listens yet. */
function fork(role) {
  var child = process.getBuiltinModule("child_process").fork(__dirname + "/" + role + ".js", [], {
    execArgv: ["--disable-sigusr1"].concat(FLAGS[role] || []),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "json",
  });
  child.on("error", function (error) { child.failed = child.failed || error; });
  return child;
}

globalThis.vipd = {
  fork: fork,
  // first what is waited for longest
  reader: daemon ? startReader() : undefined,
  children: daemon ? { vrrp: fork("vrrp") } : {},
  hearsRealtime: hearsRealtime,
  /** The signals that came before main.js could listen; it hears the realtime ones from now on. */
  takeSignals: function (fn) { var taken = pending || []; pending = null; listener = fn; return taken; },
};

require(daemon ? "./main.js" : "./command.js");
