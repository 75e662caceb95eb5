import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dateTime, timeZone } from '../../../shared/dates.ts';
import { duration } from '../../../shared/duration.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import type { RunDetail, ValidationPicture } from '../../../shared/runs.ts';
import type { Runs } from '../runHistory.ts';
import { escapeXml as e } from './escapeXml.ts';
import { curveSvg } from './curveSvg.ts';
import { isVggFavoured, vggFavouredNote } from './vggFavoured.ts';
import { reportPage } from './page.ts';
import { curvesOf, measuredAs, runningSeconds, shownSteps } from './runSummary.ts';

const style = `
th{width:220px}.curves svg{width:100%;border:1px solid #e2e2e2}
.figures{display:flex;flex-wrap:wrap;gap:8px 40px;margin:20px 0}.figures b{display:block;font-size:20px;font-variant-numeric:tabular-nums}
.strip{display:flex;gap:6px;margin-bottom:16px}figure{margin:0;flex:1;min-width:0}img{width:100%;display:block;image-rendering:pixelated}figcaption{font-size:12px;color:#595959}`;

/**
 * A run as one self-contained HTML file without network access or scripts: figures, curves, pictures before training,
 * at the best and at the last validation, provenance, notes and the complete configuration.
 */
export async function htmlReport(runs: Runs, reference: string): Promise<string> {
  const run = runs.show(reference);
  const config = runs.config(run.id);
  const curves = curvesOf(runs.series(run.id)).map(({ title, log, series }) => curveSvg(series, { title, log }));
  return reportPage(`${run.name} (${run.id})`, style, [
    `<h1>${e(run.name)}</h1><p class="dim">Run ${e(run.id)} · ${e(run.network)} · ${e(run.state)} at step ${run.step} of ${run.steps} · started ${dateTime(run.created)} (${timeZone()}) · ${duration(runningSeconds(run.states))} of computing</p>`,
    run.tags.length > 0 ? `<p class="dim">${run.tags.map((tag) => `#${e(tag)}`).join(' ')}</p>` : '',
    run.note ? `<p>${e(run.note).replace(/\n/g, '<br>')}</p>` : '',
    figures(run, config),
    isVggFavoured(config) ? `<p class="dim">${vggFavouredNote}</p>` : '',
    '<h2>Curves</h2><div class="curves">',
    ...curves,
    '</div>',
    ...(run.pictures.length > 0
      ? [
          '<h2>Validation pictures</h2>',
          `<p class="dim">The middle of each picture. PSNR and SSIM are of the whole picture, ${e(measuredAs(config))}.</p>`,
          ...(await strips(run)),
        ]
      : []),
    '<h2>How the figures were measured</h2>',
    table(facts(run, config)),
    `<h2>History</h2><p class="dim">By the clock of ${timeZone()}.</p>`,
    table(run.states.map(({ at, state, reason }) => [dateTime(at), reason ? `${state}: ${reason}` : state])),
    '<h2>Configuration</h2>',
    `<pre>${e(run.config)}</pre>`,
  ]);
}

function figures({ best, psnrBefore, step, steps }: RunDetail, config: RunConfig): string {
  const rows: [string, string][] = [
    ['Best PSNR', best ? `${best.psnr.toFixed(2)} dB` : '–'],
    ['SSIM at the best step', best ? best.ssim.toFixed(4) : '–'],
    ['Best step', best ? String(best.step) : '–'],
    ['Before training', psnrBefore === undefined ? '–' : `${psnrBefore.toFixed(2)} dB`],
    ['Steps', `${step} of ${steps}`],
  ];
  return `<div class="figures">${rows.map(([name, value]) => `<div><span class="dim">${name}</span><b>${value}</b></div>`).join('')}</div><p class="dim">Measured ${e(measuredAs(config))}.</p>`;
}

function facts({ facts, seed }: RunDetail, config: RunConfig): [string, string][] {
  const known: [string, string][] = facts
    ? [
        ['Device', `${facts.device}, ${facts.threads} threads`],
        [
          'Program',
          [
            facts.versions.program,
            ...(facts.versions.commit ? [`commit ${facts.versions.commit}`] : []),
            `TensorFlow ${facts.versions.tensorflow}`,
            `Node ${facts.versions.node}`,
          ].join(', '),
        ],
        ['Features', facts.features],
        ['Trainable parameters', String(facts.parameters)],
        ['Data set hash', facts.dataFingerprint],
      ]
    : [];
  const { train, validation } = config.data;
  const folders = [train.target, train.input, validation.target, validation.input].filter(
    (folder) => folder !== undefined,
  );
  return [
    ...known,
    ['Seed', String(seed)],
    ['Folders', folders.join(', ')],
    ['Started from', config.network.weights ?? 'random weights from the seed'],
  ];
}

const table = (rows: [string, string][]): string =>
  `<table>${rows.map(([name, value]) => `<tr><th scope="row">${e(name)}</th><td>${e(value)}</td></tr>`).join('')}</table>`;

/** A row for each validation picture: input, a few steps, target. */
async function strips(run: RunDetail): Promise<string[]> {
  const names = [...new Set(run.pictures.map(({ name }) => name))];
  return Promise.all(
    names.map(async (name) => {
      const pictures = run.pictures.filter((picture) => picture.name === name);
      const [first] = pictures;
      if (!first) return '';
      const steps = shownSteps(pictures, run.best?.step);
      const figure = async (file: string, caption: string): Promise<string> => {
        const bytes = await readFile(join(run.folder, file)).catch(() => undefined);
        return bytes
          ? `<figure><img alt="${e(`${caption}: ${name}`)}" src="data:image/png;base64,${bytes.toString('base64')}"><figcaption>${e(caption)}</figcaption></figure>`
          : '';
      };
      const restored = steps.map((picture) => figure(picture.restored, caption(picture, run.best?.step)));
      return `<p>${e(name)}</p><div class="strip">${(await Promise.all([figure(first.input, 'Input'), ...restored, figure(first.target, 'Target')])).join('')}</div>`;
    }),
  );
}

const caption = ({ step, psnr, ssim, lpips = {} }: ValidationPicture, best: number | undefined): string =>
  [
    `Step ${step}${step === best ? ' (best)' : ''}: ${psnr.toFixed(2)} dB`,
    `SSIM ${ssim.toFixed(4)}`,
    ...Object.entries(lpips).map(([network, value]) => `LPIPS-${network} ${value.toFixed(4)}`),
  ].join(', ');
