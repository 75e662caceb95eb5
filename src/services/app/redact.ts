import { hostname, tmpdir, userInfo } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from './home.ts';

/** Names that the program itself uses in its folders; everything else in there was named by a person. */
const ownNames =
  'runs|models|features|presets|logs|reports|cache|sample|imports|thumbnails|previews|mcir\\.sqlite|settings\\.json|datasets\\.json';
const pictureEndings =
  'jpe?g|jpe|png|tiff?|webp|avif|gif|heic|heif|bmp|dng|cr2|cr3|nef|arw|raf|orf|rw2|psd|exr|hdr|jxl';
/** Words that follow a path in the program's messages; a path with spaces ends before them. */
const verbs = 'cannot|could|can|is|are|was|were|has|holds|does|do|not|and|on|at|into|in|ended|failed|of|to|yourself';

/**
 * Returns a function that removes personal data from a text: paths, names of pictures, user and computer. The program's
 * folders become `<program>`, `<home>` and so on, so that a stack or a message is still useful. It removes too much
 * rather than too little.
 * @param known personal paths and names from the history; each is removed wherever it occurs
 */
export function redactor(home: Home, known: Iterable<string>): (text: string) => string {
  // The cache may be in the data folder, and that in the user's home: inner folders come first.
  const places: [string, string][] = [
    [home.cache, '<cache>'],
    [home.root, '<home>'],
    [fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, ''), '<program>'],
    [tmpdir(), '<temporary>'],
    [userInfo().homedir, '~'],
  ];
  const secrets = [...new Set([...known].flatMap(partsOf))].filter((part) => part.length >= 3);
  const words = [userInfo().username, hostname()].filter((word) => word.length >= 2);
  const steps: [RegExp, string][] = [
    ...longestFirst(secrets).map((secret): [RegExp, string] => [
      new RegExp(`(?<![\\p{L}\\d])(?:${spellings(secret)})(?![\\p{L}\\d])`, 'giu'),
      '<name>',
    ]),
    ...places.map(([path, mark]): [RegExp, string] => [new RegExp(spellings(path), 'g'), mark]),
    // A picture's name, including spaces, back to where a sentence may have begun.
    [new RegExp(`[^"\\n:;,<>|()\\[\\]]*\\.(?:${pictureEndings})(?![\\p{L}\\d])`, 'giu'), '<picture>'],
    // In the program's folders only its own names stay.
    [new RegExp(`(<(?:home|cache)>[\\\\/]+)(?!${ownNames})[^"\\n<>|]*`, 'g'), '$1<name>'],
    [new RegExp(`<temporary>[\\\\/][^"\\s<>|]*`, 'g'), '<temporary>'],
    // Any other absolute path, including spaces, up to a verb or a punctuation mark.
    [
      new RegExp(
        `(?<![\\p{L}\\d<>\\\\/])(?:~|[A-Za-z]:|file:/*)?[\\\\/]+[\\p{L}\\d._~-][^"\\n<>|()]*?(?=["\\n<>|()]|[:;,.]?(?:\\s+(?:${verbs})\\b)|[:;,.]\\s|[:;,.]?$)`,
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
  return (text) => steps.reduce((now, [pattern, mark]) => now.replace(pattern, mark), text);
}

/** A known path is recognised as a whole and by its last two names; a single everyday word is not a secret. */
function partsOf(path: string): string[] {
  const name = basename(path);
  const parent = basename(path.slice(0, -name.length - 1));
  return [path, name, name.replace(/\.\w{1,12}$/, ''), parent].filter(
    (part) => !/^(?:home|users|mnt|media|tmp|var|data|src|input|target|train|test|val|images|pictures)$/i.test(part),
  );
}

/** A pattern for a text as it occurs in a sentence, in JSON and in a URL. */
function spellings(text: string): string {
  return [...new Set([text, JSON.stringify(text).slice(1, -1), encodeURI(text), encodeURIComponent(text)])]
    .map((spelling) => RegExp.escape(spelling))
    .join('|');
}

const longestFirst = (texts: string[]): string[] => texts.toSorted((a, b) => b.length - a.length);
