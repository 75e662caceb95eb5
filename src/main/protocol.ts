import type { Served } from '../services/pictures/thumbnails.ts';
import { toWire } from '../shared/errors.ts';
import { asset, commonHeaders, page } from '../web/pages.ts';

/** Answers the page's requests (`mcir://studio/…`): the page itself, files of the build, and pictures by id. */
export async function answer(
  pictures: { picture(id: string, size?: number): Promise<Served> },
  renderer: string,
  url: string,
): Promise<Response> {
  const [path = '', search] = url.replace(/^mcir:\/\/studio/, '').split(/[?#]/, 2);
  const [, area = '', name = '', ...rest] = path.split('/');
  try {
    if (rest.length > 0) return refused(404);
    if (area === '' && name === '') {
      const { policy, ...served } = await page(renderer);
      return respond(served, { 'content-security-policy': policy, 'cache-control': 'no-store' });
    }
    if (area === 'assets') return respond(await asset(renderer, name));
    if (area === 'picture') {
      const size = Number(new URLSearchParams(search).get('size') ?? NaN);
      return respond(await pictures.picture(name, size >= 16 && size <= 4096 ? Math.round(size) : undefined));
    }
    return refused(404);
  } catch (error) {
    return refused(toWire(error).code === 'internal' ? 500 : 404);
  }
}

function respond(served: Served | undefined, headers: Record<string, string> = {}): Response {
  return served
    ? new Response(served.body, { headers: { ...commonHeaders, 'content-type': served.type, ...headers } })
    : refused(404);
}

const refused = (status: number): Response => new Response(null, { status, headers: commonHeaders });
