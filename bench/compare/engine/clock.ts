// Clocks: what a slice of time is measured by.
import process from "node:process";

/** Answers milliseconds since some moment. */
export type Clock = () => number;

/** By the wall: what somebody waits for. */
export const wallClock: Clock = () => performance.now();

/**
 * By the time that the process had the processor, all threads together. On a core that nobody else
 * uses it is the wall's; where others want the core too, it leaves out what they took.
 */
export const processClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** `process` for a job on a core of its own, else `wall`. */
export type ClockName = "process" | "wall";

export function clockNamed(name: ClockName): Clock {
  return name === "process" ? processClock : wallClock;
}
