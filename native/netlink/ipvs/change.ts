/** A change of the IPVS tables as data: done singly, with others in one batch, or written down as text. */
import type { Attribute } from "../attribute.ts";

export type Change = {
  /** IPVS_CMD_* */
  readonly command: number;
  readonly attrs: readonly Attribute[];
};
