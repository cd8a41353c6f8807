/** The whole table, in the order of the manual. */

import { addressKeywords } from "./address.ts";
import { checksKeywords } from "./checks.ts";
import type { Entry } from "./entry.ts";
import { fileKeywords } from "./file.ts";
import { globalKeywords } from "./global.ts";
import { globalLvsKeywords } from "./global-lvs.ts";
import { globalProcessKeywords } from "./global-process.ts";
import { globalVrrpKeywords } from "./global-vrrp.ts";
import { groupKeywords } from "./group.ts";
import { httpKeywords } from "./http.ts";
import { instanceKeywords } from "./instance.ts";
import { processKeywords } from "./process.ts";
import { routeKeywords } from "./route.ts";
import { ruleKeywords } from "./rule.ts";
import { serviceKeywords } from "./service.ts";
import { staticKeywords } from "./static.ts";
import { trackingKeywords } from "./tracking.ts";

export const table: readonly Entry[] = [
  ...fileKeywords,
  ...processKeywords,
  ...globalKeywords,
  ...globalVrrpKeywords,
  ...globalLvsKeywords,
  ...globalProcessKeywords,
  ...staticKeywords,
  ...groupKeywords,
  ...instanceKeywords,
  ...trackingKeywords,
  ...serviceKeywords,
  ...httpKeywords,
  ...checksKeywords,
  ...addressKeywords,
  ...routeKeywords,
  ...ruleKeywords,
];
