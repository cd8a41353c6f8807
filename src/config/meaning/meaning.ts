/**
 * What a file means, when every word in it is right: mistakes that cost outages. Each file here has one subject and only looks: it gets
 * what the file says (`Subjects`), perhaps what this machine is like, and reports. Nothing here is an error or changes an exit code,
 * for keepalived says nothing about it; what keepalived reports, too, is told where the settings are made (build-*.ts).
 *
 * Every check walks the file once; two things are compared by a map, never by a loop in a loop.
 */
import type { Config } from "../config.ts";
import type { Report } from "../problems.ts";
import type { Statement } from "../statement.ts";
import { checkAddresses } from "./addresses.ts";
import { checkAnnouncements } from "./announcements.ts";
import { checkProbes } from "./checks.ts";
import { checkElection } from "./election.ts";
import { checkGroups } from "./groups.ts";
import { checkIdentities } from "./identities.ts";
import { checkMail } from "./mail.ts";
import { checkScripts } from "./scripts.ts";
import { checkServices } from "./services.ts";
import { subjectsOf } from "./subjects.ts";
import { checkTiming } from "./timing.ts";
import { checkUnicast } from "./unicast.ts";
import { type NetworkView, noNetwork } from "./view.ts";

/** @param view this machine's network, if the file is compared with it */
export function checkMeaning(
  root: readonly Statement[],
  config: Config,
  view: Partial<NetworkView> | undefined,
  report: Report,
): void {
  const subjects = subjectsOf(root, config);
  const network: NetworkView = { ...noNetwork, ...view };
  checkIdentities(subjects, report);
  checkAddresses(subjects, network, report);
  checkElection(subjects, report);
  checkTiming(subjects, network, report);
  checkAnnouncements(subjects, report);
  checkGroups(subjects, report);
  checkUnicast(subjects, network, report);
  checkScripts(subjects, report);
  checkServices(subjects, report);
  checkProbes(subjects, report);
  checkMail(subjects, config, report);
}
