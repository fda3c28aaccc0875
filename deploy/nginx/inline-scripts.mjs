// Prints the hashes of the scripts that stand in the built page itself, as its policy names them:
//   node inline-scripts.mjs web/build >inline-scripts
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const pages = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'));
const scripts = pages.flatMap((name) => {
  const page = readFileSync(join(folder, name), 'utf8');
  return [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>(.*?)<\/script>/gs)].map(([, script]) => script);
});
const hashes = scripts.map((script) => createHash('sha256').update(script).digest('base64'));
console.log([...new Set(hashes)].map((hash) => `'sha256-${hash}'`).join(' '));
