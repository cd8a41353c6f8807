/** The configuration that vipd reads when none is named. */
import { existsSync } from "node:fs";

const OWN = "/etc/vipd/vipd.conf";
const KEEPALIVED = "/etc/keepalived/keepalived.conf";

export function defaultConfigFile(): string {
  return existsSync(OWN) ? OWN : KEEPALIVED;
}
