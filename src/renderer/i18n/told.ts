import { useTranslation } from 'react-i18next';
import zh from './zh.services.json' with { type: 'json' };

/**
 * Translations of what the services say in English (registries, presets, checks, errors). The English sentence is the
 * key; `{name}` in it stands for a value that is filled in, and `{=name}` in the translation for a part that is
 * translated itself. A missing sentence is shown in English. To add a language, add its file and a line here.
 */
export const dictionaries: Readonly<Record<string, Readonly<Record<string, string>>>> = { zh };

type Translate = (text: string) => string;
const translators = new Map<string, Translate>();

/** Translates a sentence of the services into a language of the window. */
export function told(language: string, text: string): string {
  const dictionary = dictionaries[language];
  if (!dictionary) return text;
  const translate = translators.get(language) ?? translator(dictionary);
  translators.set(language, translate);
  return translate(text);
}

/** `told` in the language of the window. */
export function useTold(): Translate {
  const { i18n } = useTranslation();
  return (text) => told(i18n.language, text);
}

function translator(dictionary: Readonly<Record<string, string>>): Translate {
  const patterns = Object.entries(dictionary)
    .filter(([english]) => placeholder.test(english))
    // Longer patterns first: `{a} is {b}.` must not match what a longer pattern is meant for.
    .sort(([a], [b]) => literal(b).length - literal(a).length)
    .map(([english, translated]) => ({ matches: pattern(english), translated }));
  const translate: Translate = (text) => {
    const whole = dictionary[text];
    if (whole !== undefined) return whole;
    for (const { matches, translated } of patterns) {
      const parts = matches.exec(text)?.groups;
      if (parts)
        return translated.replace(/\{(=?)(\w+)\}/g, (_, again: string, name: string) =>
          again ? translate(parts[name] ?? '') : (parts[name] ?? ''),
        );
    }
    return text;
  };
  return translate;
}

const placeholder = /\{(\w+)\}/;
const literal = (english: string): string => english.replace(/\{\w+\}/g, '');

function pattern(english: string): RegExp {
  const source = english.split(/(\{\w+\})/).map((part) => {
    const name = placeholder.exec(part)?.[1];
    return name === undefined ? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : `(?<${name}>.*?)`;
  });
  return new RegExp(`^${source.join('')}$`, 's');
}
