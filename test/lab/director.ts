/**
 * A director for the lab's tests: one node on a front LAN, with real servers and a mail relay behind addresses of another node.
 *
 *     front 10.3.0.0/24   director .1   peer .2   virtual address .100
 *     back  10.3.1.0/24   director .1   servers .11 .12 (web)   relay .25
 */
import type { Capture } from "./capture.ts";
import { createLab, type Lab, type LabNode, type Lan, type Link } from "./net.ts";
import { type SmtpServer, startSmtpServer, startWebServer, type WebServer } from "./services.ts";

export const VIP = "10.3.0.100";
export const ADDRESS = "10.3.0.1";
export const WEB = `-t ${VIP}:80`;

export type Stage = {
  readonly lab: Lab;
  readonly front: Lan;
  readonly director: LabNode;
  readonly link: Link;
  /** Beside the director on the front LAN, 10.3.0.2. */
  readonly peer: LabNode;
  readonly peerLink: Link;
  /** The real servers 10.3.1.11 and .12. */
  readonly webs: readonly [WebServer, WebServer];
  readonly relay: SmtpServer;
  readonly wire: Capture;
};

export async function openStage(): Promise<Stage> {
  const lab = await createLab();
  try {
    const front = await lab.lan("front");
    const back = await lab.lan("back");
    const director = await lab.node("director");
    const link = await director.attach(front, { addresses: [`${ADDRESS}/24`] });
    await director.attach(back, { addresses: ["10.3.1.1/24"] });
    await director.sysctl("net.ipv4.ip_forward", 1);
    const peer = await lab.node("peer");
    const peerLink = await peer.attach(front, { addresses: ["10.3.0.2/24"] });
    const servers = await lab.node("servers");
    const addresses = [11, 12, 25].map((host) => `10.3.1.${host}/24`);
    await servers.attach(back, { addresses, gateway: "10.3.1.1" });
    const web = (host: number) =>
      startWebServer(servers, { address: `10.3.1.${host}`, port: 80, page: `r${host - 10}` });
    const [one, two, relay] = await Promise.all([web(11), web(12), startSmtpServer(servers, { address: "10.3.1.25" })]);
    const wire = await front.capture("vrrp or arp");
    return { lab, front, director, link, peer, peerLink, webs: [one, two], relay, wire };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** With mail to the relay. */
export const GLOBAL = `global_defs {
  router_id director
  notification_email {
    admin@example.org
  }
  notification_email_from vipd@example.org
  smtp_server 10.3.1.25
  smtp_connect_timeout 2
  smtp_alert true
}
`;

export type InstanceWords = {
  readonly vrid?: number;
  readonly priority?: number;
  readonly addresses?: readonly string[];
  readonly more?: string;
};

/** An instance at 100 ms adverts. */
export function instance(name: string, words: InstanceWords = {}): string {
  const { vrid = 51, priority = 100, addresses = [`${VIP}/24`], more = "" } = words;
  return `vrrp_instance ${name} {
  interface eth0
  virtual_router_id ${vrid}
  priority ${priority}
  version 3
  advert_int 0.1
  ${more}
  virtual_ipaddress {
    ${addresses.join("\n    ")}
  }
}
`;
}

/** A service with quick TCP checks. @param match "10.3.0.100 80" or "fwmark 7" */
export function service(match: string, servers: readonly string[], more = ""): string {
  const check = "TCP_CHECK {\n      connect_timeout 1\n      retry 0\n    }";
  const blocks = servers.map((server) => `  real_server ${server} {\n    weight 1\n    ${check}\n  }\n`);
  return `virtual_server ${match} {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  ${more}
${blocks.join("")}}
`;
}
