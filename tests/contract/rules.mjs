// What Prism's findings mean, and the rules for what it cannot see: refusals,
// which the document leaves out (it lists 2xx only), and unknown parameters of a
// query.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

// Comes with prism-cli: the reader of documents that Prism itself uses.
const { getHttpOperationsFromSpec } = createRequire(path.join(process.env.JUDGE_MODULES, 'here.js'))('@stoplight/prism-http');

export class Calls {
    static async of(document) {
        const calls = new Calls();
        calls.all = (await getHttpOperationsFromSpec(document)).map((o) => ({
            name: `${o.method.toUpperCase()} ${o.path}`,
            method: o.method.toUpperCase(),
            segments: o.path.split('/'),
            query: (o.request?.query ?? []).map((q) => q.name),
        }));
        // Fixed segments come before parameters.
        const fixed = (c) => c.segments.filter((s) => !s.startsWith('{')).length;
        calls.all.sort((a, b) => fixed(b) - fixed(a));
        return calls;
    }

    find(method, url) {
        const segments = url.split('?')[0].split('/');
        return this.all.find((c) => c.method === method && c.segments.length === segments.length &&
            c.segments.every((s, i) => s.startsWith('{') || s === segments[i]));
    }
}

const UNDECLARED = 'Unable to match the returned status code';

// A refusal is an ErrorResponse; DCT answers a bare string, 422, to a switch
// without a body.
function wrongRefusal(x) {
    let body;
    try {
        body = JSON.parse(x.reply);
    } catch {
        return 'is not JSON';
    }
    if (x.status === 422 && typeof body === 'string' && /\/(en|dis)able$/.test(x.url)) return undefined;
    if (body === null || typeof body !== 'object' || Array.isArray(body)) return 'is not an ErrorResponse';
    for (const name of ['error', 'error_description']) {
        const text = body[name];
        if (typeof text !== 'string' || text.length < 1 || text.length > 1024)
            return `has no ${name} of 1..1024 characters`;
    }
    const more = Object.keys(body).find((k) => k !== 'error' && k !== 'error_description');
    return more && `has an unknown member ${more}`;
}

// Violations of one exchange: [{ call, where, says }].
export function violations(calls, x, findings) {
    const call = calls.find(x.method, x.url);
    const name = call ? call.name : `${x.method} ${x.url.split('?')[0]}`;
    const refused = x.status >= 400;
    const found = findings
        .filter((f) => !(f.location[0] === 'response' && (x.cut || refused)))
        .filter((f) => !(refused && f.message.startsWith(UNDECLARED)))
        .map((f) => ({ call: name, where: f.location.map(String).join('.'), says: f.message }));

    if (refused && !x.cut) {
        const wrong = wrongRefusal(x);
        if (wrong) found.push({ call: name, where: 'response.body', says: `the refusal (${x.status}) ${wrong}` });
    }
    for (const key of new URLSearchParams(x.url.split('?')[1] ?? '').keys())
        if (call && !call.query.includes(key))
            found.push({ call: name, where: `request.query.${key}`, says: 'is no parameter of this call' });
    return found;
}

// The published slips: the only violations that are none. One that excuses nothing
// is a violation itself.
export class Slips {
    constructor(rows) {
        this.rows = rows.map((row) => ({ ...row, times: 0 }));
    }

    static read(file) {
        return new Slips(JSON.parse(readFileSync(file, 'utf8')));
    }

    excuse(v) {
        const row = this.rows.find((r) => r.call === v.call && r.says === v.says && r.where === v.where);
        if (row) row.times++;
        return Boolean(row);
    }

    unused() {
        return this.rows.filter((row) => row.times === 0);
    }
}
