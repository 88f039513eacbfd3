// Builds the page: checks the types, bundles, names each file by its content, compresses. Run by CMake:
//   node build.mjs <tsc> <esbuild> <output folder>
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [tsc, esbuild, output] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const run = (program, args, options = {}) =>
  execFileSync(program, args, { cwd: here, stdio: ["ignore", "inherit", "inherit"], ...options });

try {
  run(tsc, ["--project", "tsconfig.types.json"]);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  run(
    esbuild,
    [
      "src/main.tsx",
      "--tsconfig=tsconfig.json",
      "--bundle",
      "--splitting",
      "--format=esm",
      "--minify",
      "--target=es2020",
      "--jsx=automatic",
      "--charset=utf8",
      "--log-level=warning",
      "--legal-comments=none",
      "--define:process.env.NODE_ENV=\"production\"",
      "--entry-names=mailtrace-[hash]",
      "--chunk-names=part-[hash]",
      `--outdir=${output}`,
    ],
    { env: { ...process.env, NODE_PATH: "/usr/share/nodejs" } },
  );
} catch (error) {
  if (error.status === undefined) throw error;
  process.exit(1);
}

const icon = readFileSync(join(here, "src/icon.svg"));
const icon_name = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
writeFileSync(join(output, icon_name), icon);

const named = (ending) => readdirSync(output).find((file) => file.startsWith("mailtrace-") && file.endsWith(ending));
const page = readFileSync(join(here, "src/index.html"), "utf8")
  .replace("@SCRIPT@", named(".js"))
  .replace("@STYLE@", named(".css"))
  .replace("@ICON@", icon_name);

for (const file of readdirSync(output)) {
  const path = join(output, file);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
// Last: the build takes this file as the sign that all is there.
writeFileSync(join(output, "index.html.gz"), gzipSync(page, { level: 9 }));
writeFileSync(join(output, "index.html"), page);
