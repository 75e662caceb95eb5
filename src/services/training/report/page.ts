import { escapeXml } from './escapeXml.ts';

const style = `
body{font:15px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:1000px;margin:32px auto;padding:0 24px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px}p{margin:4px 0}.dim{color:#595959}
table{border-collapse:collapse;width:100%;font-size:14px}td,th{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid #e2e2e2;vertical-align:top;overflow-wrap:anywhere}th{font-weight:500;color:#595959}
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:12px}
pre{background:#f5f5f5;padding:12px;overflow:auto;font-size:12px}`;

/**
 * A report as one self-contained HTML page, without network access or scripts.
 * @param title plain text
 * @param more additional style sheet of this report
 * @param body HTML, one element per line
 */
export const reportPage = (title: string, more: string, body: readonly string[]): string =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeXml(title)}</title><style>${style}${more}</style></head><body>`,
    ...body,
    '</body></html>\n',
  ].join('\n');
