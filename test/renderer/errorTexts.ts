import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What stands for a value that is filled in when the program runs. */
export const filledIn = '§';

/**
 * Every message that an `AppError` is made with in these folders, values replaced by {@link filledIn}. Where a function makes
 * the error of its parameter, as `damaged(reason)` does, its literal arguments are put in; a message that is a variable is not
 * known here.
 */
export function errorTexts(folders: readonly string[]): { text: string; place: string }[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const calls = new Map<string, ts.NodeArray<ts.Expression>[]>();
  const errors: { message: ts.Expression; file: string }[] = [];
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression))
        calls.set(node.expression.text, [...(calls.get(node.expression.text) ?? []), node.arguments]);
      const message =
        ts.isNewExpression(node) && node.expression.getText() === 'AppError' ? node.arguments?.[1] : undefined;
      if (message) errors.push({ message, file });
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  }

  /** What an expression may say; a value that is not known is `filledIn`. */
  const textsOf = (expression: ts.Expression): string[] => {
    if (ts.isStringLiteralLike(expression)) return [expression.text];
    if (ts.isParenthesizedExpression(expression)) return textsOf(expression.expression);
    if (ts.isConditionalExpression(expression))
      return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
    if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.PlusToken)
      return joined([textsOf(expression.left), textsOf(expression.right)]);
    if (ts.isTemplateExpression(expression))
      return joined([
        [expression.head.text],
        ...expression.templateSpans.flatMap((span) => [textsOf(span.expression), [span.literal.text]]),
      ]);
    return ts.isIdentifier(expression) ? (argumentsFor(expression) ?? [filledIn]) : [filledIn];
  };
  /** What the function around is called with where the name is one of its parameters. */
  const argumentsFor = (name: ts.Identifier): string[] | undefined => {
    const around = ts.findAncestor(name, ts.isFunctionDeclaration);
    const index = around?.parameters.findIndex((parameter) => parameter.name.getText() === name.text) ?? -1;
    if (index < 0) return undefined;
    const given = (calls.get(around?.name?.text ?? '') ?? []).flatMap((args) =>
      args[index] ? textsOf(args[index]) : [],
    );
    return given.length > 0 ? [...new Set(given)] : undefined;
  };
  return errors
    .flatMap(({ message, file }) => textsOf(message).map((text) => ({ text, place: file })))
    .filter(({ text }) => text !== filledIn);
}

const joined = (parts: string[][]): string[] =>
  parts.reduce((before, next) => before.flatMap((start) => next.map((end) => start + end)), ['']);
