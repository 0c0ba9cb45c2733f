// Writes the settings of package.json from the server's schema, which is the one place for them.
import { readFileSync, writeFileSync } from "node:fs";

const here = (name) => new URL(name, import.meta.url);
const schema = JSON.parse(readFileSync(here("../../atlas_lsp/settings.schema.json"), "utf8"));
const manifest = JSON.parse(readFileSync(here("package.json"), "utf8"));

// Trust is VS Code's own; the server is told at its start.
const { trusted: _, ...shared } = schema.properties;

function setting({ description, launchOnly: _, defaultInVSCode, ...one }) {
  return { ...one, default: defaultInVSCode ?? one.default, markdownDescription: description };
}

const own = {
  path: {
    type: "string",
    default: "",
    scope: "machine",
    markdownDescription: "The program `atlas-lsp`; empty looks in the active Python environment, in Atlas' own one and on the PATH.",
  },
  "trace.server": {
    type: "string",
    enum: ["off", "messages", "verbose"],
    default: "off",
    scope: "window",
    markdownDescription: "What passes between VS Code and the server, in the output *Atlas*.",
  },
};

const all = { ...Object.fromEntries(Object.entries(shared).map(([k, v]) => [k, setting(v)])), ...own };
manifest.contributes.configuration.properties = Object.fromEntries(
  Object.entries(all).map(([name, one]) => [`atlas.${name}`, one]),
);
writeFileSync(here("package.json"), JSON.stringify(manifest, null, 2) + "\n");
