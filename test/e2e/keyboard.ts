import type { Page } from '@playwright/test';

/** Presses Tab all the way round the screen; gives what was not reached, and what does not show that it has the focus. */
export async function walk(page: Page): Promise<string[]> {
  const wanted = await page.evaluate(() => {
    // A colour on its way to another tells nothing yet.
    const still = new CSSStyleSheet();
    still.replaceSync('* { transition: none !important; }');
    document.adoptedStyleSheets = [still];
    (document.activeElement as HTMLElement | null)?.blur();
    const kinds = 'main a[href], main button, main input, main select, main textarea, main [tabindex="0"]';
    const left =
      ':disabled, [tabindex="-1"], [type="hidden"], [type="radio"]:not(:checked), [aria-hidden="true"], [aria-hidden="true"] *';
    const usable = [...document.querySelectorAll<HTMLElement>(kinds)].filter(
      (element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(left),
    );
    usable.forEach((element, index) => (element.dataset['walk'] = String(index)));
    return usable.length;
  });
  const reached = new Set<number>();
  const faults: string[] = [];
  for (let presses = 0; presses < wanted + 40 && reached.size < wanted; presses++) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element.dataset['walk'] === undefined) return undefined;
      // Some widgets draw the focus on what stands beside or around the element.
      const around = [
        element,
        element.parentElement,
        element.parentElement?.parentElement,
        ...(element.parentElement?.children ?? []),
      ].filter((part) => part instanceof HTMLElement);
      const drawn = (): string =>
        around
          .map((part) => {
            const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor } =
              getComputedStyle(part);
            return [
              outlineStyle === 'none' ? '' : outlineWidth + outlineColor,
              boxShadow,
              borderColor,
              backgroundColor,
            ].join();
          })
          .join('|');
      const focused = drawn();
      element.blur();
      const plain = drawn();
      element.focus({ preventScroll: true });
      return {
        number: Number(element.dataset['walk']),
        shown: focused !== plain,
        what: element.outerHTML.slice(0, 160),
      };
    });
    if (now === undefined || reached.has(now.number)) continue;
    reached.add(now.number);
    if (!now.shown) faults.push(`no focus is seen on ${now.what}`);
  }
  const left = await page.evaluate(
    (numbers) =>
      [...document.querySelectorAll<HTMLElement>('[data-walk]')]
        .filter(({ dataset }) => !numbers.includes(Number(dataset['walk'])))
        .map(({ outerHTML }) => outerHTML.slice(0, 160)),
    [...reached],
  );
  return [...faults, ...left.map((what) => `not reached: ${what}`)];
}
