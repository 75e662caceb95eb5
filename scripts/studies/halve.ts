/**
 * Successive halving (experiment E2): prints the next round of a study, with the better half of its arms and twice the
 * steps. Arms are ordered by their mean PSNR on the pictures that the study measured at its end.
 *
 *   node scripts/studies/halve.ts STUDY FILE.yml > NEXT.yml
 */
import { readFileSync } from 'node:fs';
import { parseDocument, YAMLSeq } from 'yaml';
import { mean } from '../../src/core/statistics/paired.ts';
import { openHome } from '../../src/services/app/home.ts';
import { StudyFolders } from '../../src/services/studies/studyFolders.ts';

const [id, file] = process.argv.slice(2);
if (id === undefined || file === undefined) throw new Error('Name a study, and the file that it was made from.');
const folders = new StudyFolders(openHome().root);
const { arms } = folders.plan(id);
const { figures } = folders.figures(id);
const psnrOf = (arm: string): number =>
  mean(figures.filter((one) => one.arm === arm).flatMap(({ pictures }) => pictures.map(({ psnr }) => psnr)));
const ordered = arms
  .map(({ name }) => ({ name, psnr: psnrOf(name) }))
  .filter(({ psnr }) => Number.isFinite(psnr))
  .sort((a, b) => b.psnr - a.psnr);
if (ordered.length < 2) throw new Error(`The study "${id}" has not been measured. Finish it first.`);
const kept = new Set(ordered.slice(0, Math.max(2, Math.ceil(ordered.length / 2))).map(({ name }) => name));

const document = parseDocument(readFileSync(file, 'utf8'));
const listed = document.get('arms');
if (!(listed instanceof YAMLSeq)) throw new Error(`${file} has no arms.`);
listed.items = listed.items.filter((item) => kept.has((item as { get(key: string): string }).get('name')));
const round = Number(/round (\d+)$/.exec(String(document.get('name')))?.[1] ?? 1) + 1;
document.set('name', String(document.get('name')).replace(/ ?(round \d+)?$/, ` round ${round}`));
const steps = 2 * Number(document.get('steps'));
document.set('steps', steps);
document.delete('baseline');
document.setIn(['set', 'validateEvery'], steps);
process.stderr.write(`${ordered.map(({ name, psnr }) => `${psnr.toFixed(3)} dB  ${name}`).join('\n')}\n`);
process.stdout.write(document.toString());
