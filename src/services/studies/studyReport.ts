import { dateTime, timeZone } from '../../shared/dates.ts';
import { duration } from '../../shared/duration.ts';
import type { MetricSeries } from '../../shared/runs.ts';
import type { FinalFigures, StudyPlan } from '../../shared/studies.ts';
import { mean } from '../../core/statistics/paired.ts';
import { curveSvg } from '../training/report/curveSvg.ts';
import { escapeXml as e } from '../training/report/escapeXml.ts';
import { reportPage } from '../training/report/page.ts';
import { measuredAs } from '../training/report/runSummary.ts';
import { type ArmVerdict, verdictsOf } from './verdicts.ts';
import { vggFavoured } from './shownStudy.ts';
import { scatterSvg } from './scatterSvg.ts';

/** Measurements of an arm's negatives: means over all measurements, copies and seeds. */
export interface NegativesOfArm {
  /** Length of the negative term's gradient divided by that of the pixel term's; can exceed 1. */
  share: number | undefined;
  cosine: number | undefined;
  /** How many dB worse the copies are than the network. */
  gap: number | undefined;
}

/** The data of a report. */
export interface StudyResult {
  plan: StudyPlan;
  /** When the final pictures were opened; milliseconds since 1970. */
  opened: number | undefined;
  figures: readonly FinalFigures[];
  /** Validation PSNR of every training over its steps, by arm. */
  curves: ReadonlyMap<string, readonly MetricSeries[]>;
  /** Of arms with MCIR. */
  negatives: ReadonlyMap<string, NegativesOfArm>;
  /** The feature weights of each arm, as its first run reports them. */
  features: ReadonlyMap<string, string | undefined>;
}

const style = `
.verdict{font-size:17px;margin:8px 0}svg{max-width:640px;width:100%;border:1px solid #e2e2e2}`;

/**
 * A study as one self-contained HTML file: verdicts, results, curves, scatter plot, cost, hashes and configurations.
 */
export function studyReport({ plan, opened, figures, curves, negatives, features }: StudyResult): string {
  const verdicts = verdictsOf(plan, figures);
  const [first] = plan.arms;
  return reportPage(plan.name, style, [
    `<h1>${e(plan.name)}</h1>`,
    plan.question ? `<p>${e(plan.question)}</p>` : '',
    `<p class="dim">Study ${e(plan.id)} · created ${dateTime(plan.created)} (${timeZone()}) · ${plan.arms.length} arms · seeds ${plan.seeds.join(', ')}</p>`,
    '<h2>Verdict</h2>',
    ...(verdicts.length > 0
      ? verdicts.map(({ words }) => `<p class="verdict">${e(words)}</p>`)
      : [
          '<p class="verdict">There is no verdict before at least two seeds of an arm and the baseline are measured.</p>',
        ]),
    `<p class="dim">Mean PSNR of the ${plan.final.files.length} final pictures, ${first ? e(measuredAs(first.config)) : ''}, of the last step. Differences are paired by seed: a t interval over seeds; p after Holm's correction; equivalence within ±${plan.margin} dB by two one-sided tests.</p>`,
    table(
      ['arm', 'difference, dB', '95 % t interval', 'bootstrap', 'p', 'p of equivalence'],
      verdicts.map((verdict) => verdictRow(verdict)),
    ),
    '<h2>Figures of the final pictures</h2>',
    opened === undefined
      ? '<p class="dim">They have not been opened yet.</p>'
      : `<p class="dim">Opened once, ${dateTime(opened)}, after every training had ended and with the configurations frozen since the start.</p>`,
    seenBefore(plan),
    armTable(plan, figures),
    perceptualNote(plan),
    ...negativesTable(negatives),
    '<h2>Features</h2>',
    table(
      ['arm', 'compared in'],
      [...features].map(([arm, source]) => [arm, source ?? '–']),
    ),
    '<h2>Validation during training</h2><div class="curves">',
    ...[...curves].map(([arm, series]) =>
      curveSvg(series, { title: `${arm}: validation PSNR, dB, a line for each seed` }),
    ),
    '</div>',
    ...verdicts.flatMap(({ arm, baseline }) => [
      '<h2>' + e(`${arm} and ${baseline}, picture by picture`) + '</h2>',
      scatterSvg(pointsOf(arm, baseline, figures), arm, baseline),
    ]),
    '<h2>Hashes</h2>',
    table(
      ['what', 'SHA-256'],
      [
        ['configurations of all arms', plan.configHash],
        ['final pairs', plan.final.hash],
        [`tuning pictures (${plan.tuning.files.length})`, plan.tuning.hash],
        ...figures.map(({ arm, seed, run, hash }) => [`${arm}, seed ${seed}, run ${run}`, hash]),
      ],
    ),
    '<h2>Configurations</h2>',
    ...plan.arms.map(({ name, config }) => `<p>${e(name)}</p><pre>${e(JSON.stringify(config, null, 1))}</pre>`),
  ]);
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

const verdictRow = ({ arm, comparison, bootstrap, corrected }: ArmVerdict): string[] => [
  arm,
  signed(comparison.mean),
  `${signed(comparison.low)} to ${signed(comparison.high)}`,
  `${signed(bootstrap.low)} to ${signed(bootstrap.high)}`,
  probability(corrected.p),
  probability(corrected.equivalenceP),
];

function seenBefore({ seenBefore: seen }: StudyPlan): string {
  if (seen.length === 0) return '';
  const names = [...new Set(seen.map(({ name, study }) => `${name} (${study})`))];
  return `<p><b>Used for tuning in earlier studies:</b> ${e(names.join(', '))}. A gain on these pictures may come from choosing settings by them.</p>`;
}

function armTable(plan: StudyPlan, figures: readonly FinalFigures[]): string {
  const rows = plan.arms.map(({ name, config }) => {
    const own = figures.filter(({ arm }) => arm === name);
    const pictures = own.flatMap((one) => one.pictures);
    const of = (value: (picture: (typeof pictures)[0]) => number | undefined, digits: number): string =>
      pictures.length === 0 ? '–' : mean(pictures.map((picture) => value(picture) ?? Number.NaN)).toFixed(digits);
    return [
      name + (name === plan.baseline ? ' (baseline)' : ''),
      String(own.length),
      of(({ psnr }) => psnr, 3),
      of(({ ssim }) => ssim, 4),
      ...plan.lpips.map((network) => of(({ lpips }) => lpips?.[network], 4)),
      String(config.steps),
      own.length === 0 ? '–' : duration(mean(own.map(({ seconds }) => seconds))),
    ];
  });
  const lpips = plan.lpips.map((network) => `LPIPS-${network}`);
  return table(['arm', 'seeds', 'PSNR, dB', 'SSIM', ...lpips, 'steps', 'time of a seed'], rows);
}

/** What the negative term did in each arm with MCIR; empty if nothing was measured. */
function negativesTable(negatives: StudyResult['negatives']): string[] {
  const measured = [...negatives].filter(([, { share }]) => share !== undefined);
  if (measured.length === 0) return [];
  const shown = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '–' : text(value);
  return [
    '<h2>What the negatives did</h2>',
    '<p class="dim">Means over all measurements and seeds: the length of the negative term\'s gradient in percent of the pixel term\'s, the cosine between both (above 0 they pull against each other), and how many dB the older copies are worse than the network.</p>',
    table(
      ['arm', 'share of the gradient', 'cosine', 'gap, dB'],
      measured.map(([arm, { share, cosine, gap }]) => [
        arm,
        shown(share, (value) => `${(100 * value).toFixed(2)} %`),
        shown(cosine, (value) => value.toFixed(3)),
        shown(gap, (value) => value.toFixed(3)),
      ]),
    ),
  ];
}

const perceptualNote = (plan: StudyPlan): string =>
  vggFavoured(plan)
    ? '<p>Some arms were trained in VGG features, which favours them in LPIPS-vgg. Never judge them by LPIPS-vgg alone.</p>'
    : '';

/** PSNR of each seed and picture that both arms have: baseline, arm. */
function pointsOf(arm: string, baseline: string, figures: readonly FinalFigures[]): [number, number][] {
  return figures
    .filter((one) => one.arm === arm)
    .flatMap(({ seed, pictures }) => {
      const base = figures.find((one) => one.arm === baseline && one.seed === seed);
      return pictures.flatMap(({ psnr }, i): [number, number][] => {
        const other = base?.pictures[i]?.psnr;
        return other === undefined ? [] : [[other, psnr]];
      });
    });
}

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><tr>${header.map((name) => `<th scope="col">${e(name)}</th>`).join('')}</tr>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${e(cell)}</td>`).join('')}</tr>`)
    .join('')}</table>`;
