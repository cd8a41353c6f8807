/** A switch: carries frames between its ports, late, twice, or not at all. Ports are numbers; directions can be cut one by one. */
import type { Random } from "../../src/base/random.ts";
import type { Time } from "./time.ts";

export type Weather = {
  /** 0–1, for each frame and receiver. */
  readonly loss: number;
  readonly duplication: number;
  readonly delayMs: readonly [least: number, most: number];
};

export type Lan<Frame> = {
  /** @param receive what comes out of this port */
  plug(receive: (frame: Frame) => void): number;
  send(port: number, frame: Frame): void;
  /** From now on nothing goes from one to the other; frames on their way arrive. */
  cut(from: number, to: number): void;
  heal(from: number, to: number): void;
  carries(from: number, to: number): boolean;
  setWeather(weather: Weather): void;
};

export const FAIR: Weather = { loss: 0, duplication: 0, delayMs: [0.05, 0.05] };

export function createLan<Frame>(time: Time, random: Random): Lan<Frame> {
  const ports: ((frame: Frame) => void)[] = [];
  const cuts = new Set<number>();
  let weather = FAIR;

  function carry(receive: (frame: Frame) => void, frame: Frame): void {
    const [least, most] = weather.delayMs;
    const delayMs = least === most ? least : least + random() * (most - least);
    time.at(time.now() + delayMs, () => receive(frame));
  }

  return {
    plug: (receive) => ports.push(receive) - 1,
    send(port, frame) {
      for (const [to, receive] of ports.entries()) {
        if (to === port || cuts.has(pair(port, to))) continue;
        if (weather.loss > 0 && random() < weather.loss) continue;
        carry(receive, frame);
        if (weather.duplication > 0 && random() < weather.duplication) carry(receive, frame);
      }
    },
    cut: (from, to) => void cuts.add(pair(from, to)),
    heal: (from, to) => void cuts.delete(pair(from, to)),
    carries: (from, to) => !cuts.has(pair(from, to)),
    setWeather: (next) => {
      weather = next;
    },
  };
}

function pair(from: number, to: number): number {
  return from * 1000 + to;
}
