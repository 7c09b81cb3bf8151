// React Native: its engine, Hermes, which is among those of test/runtimes.
import { hermesVm, versionOfHermes } from "../../runtimes/engines/hermes.js";
import { Missing, type Peer } from "../peer.js";
import { installEngines } from "../support/npm.js";
import { peer } from "../support/peers.js";

export const reactNative: Peer = {
  id: "react-native",
  tests: ["clients-react-native.test.ts"],
  needsPackages: true,
  async start() {
    if (hermesVm() === null) await installEngines();
    const version = await versionOfHermes(hermesVm());
    if (version === null) throw new Missing("there is no Hermes for this machine");
    return { name: `React Native (Hermes ${version}, ${peer("whatwg-fetch")})` };
  },
};
