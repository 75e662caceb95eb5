import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { namingRules } from '../../src/core/data/naming.ts';
import { degradations } from '../../src/core/degradations/index.ts';
import { networks } from '../../src/core/networks/index.ts';
import { fieldLabel } from '../../src/renderer/components/fieldLabel.ts';
import { dictionaries, told } from '../../src/renderer/i18n/told.ts';
import { modelPacks } from '../../src/services/models/modelPacks.ts';
import { readStudyPresets } from '../../src/services/studies/studyPresets.ts';
import { readPresets } from '../../src/services/training/trainingPresets.ts';
import { errorTexts, filledIn } from './errorTexts.ts';

const sources = ['core', 'database', 'services', 'workers', 'main', 'shared', 'renderer/api'].map((folder) =>
  fileURLToPath(new URL(`../../src/${folder}/`, import.meta.url)),
);
/** The guided sample is told by the window itself. */
const presets = (await readPresets()).filter(({ id }) => id !== 'sample');

function fieldTexts(schema: z.ZodType): string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, { description?: string }>;
  };
  return Object.entries(properties).flatMap(([name, { description = '' }]) => [fieldLabel(name), description]);
}

const registryTexts = new Set(
  [
    ...networks.flatMap(({ description, options }) => [description, ...fieldTexts(options)]),
    ...degradations.flatMap(({ title, description, schema }) => [title, description, ...fieldTexts(schema)]),
    ...modelPacks.map(({ description }) => description),
    ...presets.flatMap(({ title, description }) => [title, description]),
    ...readStudyPresets().flatMap(({ name, question }) => [name, question]),
    ...namingRules.map(({ title }) => title),
  ].filter(Boolean),
);

/** The program's own text, with `{}` for whatever is filled in and sentences in one piece. */
const program = sources
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  )
  .join('\n')
  .replace(/\\([`'])/g, '$1')
  .replace(/\$\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, '{}')
  .replace(/[`']\s*\+\s*[`']/g, '');

describe.each(Object.entries(dictionaries))('what the services tell, in %s,', (language, dictionary) => {
  test('has every network, degradation, field, pack, preset and convention', () => {
    expect([...registryTexts].filter((text) => told(language, text) === text)).toEqual([]);
    // A part of a translation that is translated in turn is found too.
    expect(
      [...registryTexts].filter((text) => /[a-z]+ [a-z]+ [a-z]+/.test(told(language, text).replace(/[A-Z]\S*/g, ''))),
    ).toEqual([]);
  });

  test('has every error, whatever is filled in', () => {
    const texts = errorTexts(sources);
    expect(texts.length).toBeGreaterThan(200);
    // Commands, names of files and what is filled in are the same in every language.
    const words = (text: string): string => text.replace(/`[^`]*`|npm run setup|MCIR Studio|--set \S+/g, filledIn);
    expect(
      texts
        .filter(
          ({ text }) =>
            told(language, text) === text || /[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}/.test(words(told(language, text))),
        )
        .map(({ text, place }) => `${place}: ${text}`),
    ).toEqual([]);
  });

  test('has no sentence that the program no longer uses, and fills in the values', () => {
    const said = (english: string): boolean =>
      registryTexts.has(english) || program.includes(english.replace(/\{\w+\}/g, '{}'));
    expect(Object.keys(dictionary).filter((english) => !said(english))).toEqual([]);
    for (const [english, translated] of Object.entries(dictionary)) {
      const names = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const [, name] of translated.matchAll(/\{=?(\w+)\}/g)) expect(names, english).toContain(name);
    }
  });
});

test('a sentence is found by its pattern, parts of it are translated too, and unknown sentences stay in English', () => {
  expect(
    told(
      'zh',
      'The process that did the job ended unexpectedly (by SIGKILL), which often means that memory ran out: lower the batch size or the patch size, then resume.',
    ),
  ).toBe('执行任务的进程意外结束（信号 SIGKILL），这往往说明内存耗尽：请减小批大小或图块尺寸，然后继续。');
  expect(told('zh', '"Rain on glass" is running; cancel it before you delete it.')).toBe(
    '“Rain on glass”正在运行；请先取消再删除。',
  );
  expect(told('zh', 'CPU AMD EPYC, 2 threads, 24 GiB')).toBe('CPU AMD EPYC，2 线程，24 GiB');
  expect(told('zh', 'Nobody said this.')).toBe('Nobody said this.');
  expect(told('en', 'Haze')).toBe('Haze');
});
