import { hostname, tmpdir, userInfo } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from './home.ts';
import { replacerOf } from './knownNames.ts';

/** Names that the program itself uses in its folders. Any other name in there was chosen by the user. */
const ownNames =
  'runs|models|features|presets|logs|reports|cache|sample|imports|thumbnails|previews|mcir\\.sqlite|settings\\.json|datasets\\.json';
const pictureEndings =
  'jpe?g|jpe|png|tiff?|webp|avif|gif|heic|heif|bmp|dng|cr2|cr3|nef|arw|raf|orf|rw2|psd|exr|hdr|jxl';
/** Words that follow a path in our sentences; a path with spaces ends before them. */
const verbs = 'cannot|could|can|is|are|was|were|has|holds|does|do|not|and|on|at|into|in|ended|failed|of|to|yourself';

/**
 * A function that removes personal data from a text: paths, names of pictures, user and machine. The program's own
 * folders become `<program>`, `<home>` and so on, so that stack traces and messages stay useful. When in doubt, it
 * removes too much.
 * @param known personal paths and names from the history; each is removed everywhere
 */
export function redactor(home: Home, known: Iterable<string>): (text: string) => string {
  // The cache may be in the home folder, and that in the user's folder, so inner folders come first.
  const places: [string, string][] = [
    [home.cache, '<cache>'],
    [home.root, '<home>'],
    [fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, ''), '<program>'],
    [tmpdir(), '<temporary>'],
    [userInfo().homedir, '~'],
  ];
  const secrets = [...new Set([...known].flatMap(partsOf))].filter((part) => part.length >= 3);
  const words = [userInfo().username, hostname()].filter((word) => word.length >= 2);
  const nameless = replacerOf(secrets.flatMap(spellings), '<name>');
  const ofPlaces = places.map(([path, mark]): [RegExp, string] => [
    new RegExp(
      spellings(path)
        .map((spelling) => RegExp.escape(spelling))
        .join('|'),
      'g',
    ),
    mark,
  ]);
  // All patterns run in linear time, because a report can contain very long lines.
  const steps: [RegExp, string][] = [
    // Within the program's folders, only its own names are kept.
    [new RegExp(`(<(?:home|cache)>[\\\\/]+)(?!${ownNames})[^"\\n<>|]*`, 'g'), '$1<name>'],
    [new RegExp(`<temporary>[\\\\/][^"\\s<>|]*`, 'g'), '<temporary>'],
    // Any other absolute path, which may contain spaces, up to a verb or a punctuation mark.
    [
      new RegExp(
        `(?<![\\p{L}\\d<>\\\\/])(?:~|[A-Za-z]:|file:/{0,3})?[\\\\/]+[\\p{L}\\d._~-][^"\\n<>|()]*?(?=["\\n<>|()]|[:;,.]?(?:\\s{1,20}(?:${verbs})\\b)|[:;,.]\\s|[:;,.]?$)`,
        'gu',
      ),
      '<path>',
    ],
    [
      new RegExp(
        `(?<![\\p{L}\\d])(?:${words.map((word) => RegExp.escape(word)).join('|') || '(?!)'})(?![\\p{L}\\d])`,
        'giu',
      ),
      '<name>',
    ],
  ];
  const replaceAll = (text: string, patterns: [RegExp, string][]): string =>
    patterns.reduce((now, [pattern, mark]) => now.replace(pattern, mark), text);
  return (text) => replaceAll(withoutPictures(replaceAll(nameless(text), ofPlaces)), steps);
}

const pictureEnding = new RegExp(`\\.(?:${pictureEndings})(?![\\p{L}\\d])`, 'giu');

/** Removes names of pictures. A name may contain spaces, so it reaches back to where a sentence may have started. */
const withoutPictures = (text: string): string =>
  text.replace(/[^"\n:;,<>|()[\]]+/g, (part) => {
    const last = [...part.matchAll(pictureEnding)].at(-1);
    return last ? `<picture>${part.slice(last.index + last[0].length)}` : part;
  });

/** A known path is recognised as a whole and by its last two names. A single common word is not treated as personal. */
function partsOf(path: string): string[] {
  const name = basename(path);
  const parent = basename(path.slice(0, -name.length - 1));
  return [path, name, name.replace(/\.\w{1,12}$/, ''), parent].filter(
    (part) => !/^(?:home|users|mnt|media|tmp|var|data|src|input|target|train|test|val|images|pictures)$/i.test(part),
  );
}

/** A text as it occurs in a sentence, in JSON and in a URL. */
function spellings(text: string): string[] {
  // Some names contain half a surrogate pair, which cannot be written in a URL.
  const whole = text.toWellFormed();
  return [...new Set([text, JSON.stringify(text).slice(1, -1), encodeURI(whole), encodeURIComponent(whole)])];
}
