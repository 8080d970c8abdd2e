// Judges every exchange of dctd and dct-sim against the closed document.
//
//   node judge.mjs DOCUMENT BUILD
//
// Records what is said while the scenarios run and while every call is driven,
// has Prism judge it, and closes with "N passed, N failed". ONLY, a regular
// expression, chooses some of the tests; KEEP=1 leaves the records behind.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from './client.mjs';
import { Prism } from './prism.mjs';
import { driveAll } from './routes.mjs';
import { Calls, Slips, violations } from './rules.mjs';
import { wrongs } from './wrongs.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const [document, build] = process.argv.slice(2).map((p) => path.resolve(p));
const only = new RegExp(process.env.ONLY ?? '');
const work = mkdtempSync(path.join(tmpdir(), 'judge-'));
const dctSim = path.join(build, 'dct-sim');

// Scripts of the end-to-end suite, each as it is. Left out is what makes dct-sim
// answer wrongly on purpose, and what never talks to it.
const scripts = {
    'the demo': { file: '../e2e/demo.sh' },
    'an update of everything': { file: 'updates.sh' },
    // `reading` has dct-sim refuse all writes.
    'plan and apply': {
        file: '../e2e/test_apply.sh', refusals: 405,
        env: { ONLY: 'topology\\|ledger\\|reading\\|pruning\\|killed' },
    },
    'the daemon': { file: '../e2e/test_run.sh', env: { ONLY: 'drift\\|jobs\\|manifests\\|link' } },
    'adoption': { file: '../e2e/test_ledger.sh', env: { ONLY: 'adopt\\|forgotten\\|without' } },
};

let passed = 0;
let failed = 0;
const said = new Set();
const totals = { exchanges: 0, judged: 0, seconds: 0 };

function report(name, problems) {
    if (problems.length === 0) {
        passed++;
        console.log(`ok ${passed + failed} - ${name}`);
        return;
    }
    failed++;
    console.log(`not ok ${passed + failed} - ${name}`);
    for (const problem of problems) console.log(`    ${problem}`);
}

function recorded(folder) {
    return readdirSync(folder)
        .flatMap((file) => readFileSync(path.join(folder, file), 'utf8').split('\n'))
        .filter(Boolean)
        .map((line) => JSON.parse(line));
}

// Once each: polls that were answered alike are one question.
function distinct(exchanges) {
    const key = (x) => JSON.stringify([x.method, x.url, x.headers['content-type'], x.body, x.status, x.type, x.reply, x.cut]);
    return [...new Map(exchanges.map((x) => [key(x), x])).values()];
}

const shown = (v, times) => `${v.call}: ${v.where} ${v.says}${times > 1 ? ` (${times} times)` : ''}`;

class Court {
    constructor(prism, calls, slips) {
        Object.assign(this, { prism, calls, slips });
    }

    // Every violation that no slip excuses.
    async sit(exchanges) {
        const began = Date.now();
        const unlike = distinct(exchanges);
        const findings = await this.prism.judgeAll(unlike);
        totals.exchanges += exchanges.length;
        totals.judged += unlike.length;
        totals.seconds += (Date.now() - began) / 1000;
        return unlike.flatMap((x, i) => violations(this.calls, x, findings[i])
            .filter((v) => !this.slips.excuse(v))
            .map((v) => ({ ...v, exchange: x })));
    }

    // In words, alike ones together; `meant` leaves some out.
    async problems(exchanges, meant = () => false) {
        const times = new Map();
        const first = new Map();
        for (const v of (await this.sit(exchanges)).filter((found) => !meant(found))) {
            const key = JSON.stringify([v.call, v.where.replace(/\b\d+\b/g, '*'), v.says]);
            times.set(key, (times.get(key) ?? 0) + 1);
            if (!first.has(key)) first.set(key, v);
        }
        return [...first].flatMap(([key, v]) => [
            shown(v, times.get(key)),
            `  ${v.exchange.method} ${v.exchange.url} ${v.exchange.body.slice(0, 600)}`,
            `  ${v.exchange.status} ${v.exchange.reply.slice(0, 600)}`,
        ]);
    }
}

// A folder like the build's, in which dct-sim is the recorder.
function standIn() {
    const folder = path.join(work, 'build');
    mkdirSync(folder);
    for (const name of readdirSync(build)) if (name !== 'dct-sim') symlinkSync(path.join(build, name), path.join(folder, name));
    const file = path.join(folder, 'dct-sim');
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${here('record.mjs')}' "$@"\n`);
    chmodSync(file, 0o755);
    return folder;
}

function run(script, record, more, buildFolder) {
    const env = { ...process.env, RUN: '', ...more, BUILD: buildFolder, JUDGE_RECORD: record, DCT_SIM: dctSim };
    if (!more.ONLY) delete env.ONLY;
    return new Promise((go) => {
        const child = spawn('bash', [here(script)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        child.stdout.on('data', (text) => { output += text; });
        child.stderr.on('data', (text) => { output += text; });
        child.on('exit', (code, signal) => go({ failed: code !== 0, how: code ?? signal, output }));
    });
}

function folderFor(name) {
    const folder = path.join(work, name.replace(/[^a-z]+/g, '-'));
    mkdirSync(folder);
    return folder;
}

// What dctd asks is never refused, but for a look at what is not there (yet).
function unprovoked(x, allowed) {
    return x.status >= 400 && x.status !== allowed && !(x.method === 'GET' && x.status === 404);
}

async function judgeScript(court, name, script, buildFolder) {
    const folder = folderFor(name);
    const outcome = await run(script.file, folder, script.env ?? {}, buildFolder);
    const exchanges = recorded(folder);
    const problems = await court.problems(exchanges);
    for (const x of distinct(exchanges).filter((y) => unprovoked(y, script.refusals)))
        problems.push(`refused: ${x.method} ${x.url} ${x.body}`, `  ${x.status} ${x.reply}`);
    for (const x of exchanges) said.add(court.calls.find(x.method, x.url)?.name);
    if (outcome.failed) problems.push(`${script.file} left with ${outcome.how}:`, ...outcome.output.trimEnd().split('\n').slice(-15));
    if (exchanges.length === 0) problems.push('nothing was recorded');
    report(`dctd and dct-sim, ${name}: ${exchanges.length} exchanges`, problems);
}

// Every call of the document, by itself; each succeeds at least once.
async function judgeRoutes(court) {
    const folder = folderFor('every call');
    const client = await Client.open(dctSim, folder, '--strict', '--speed', '1000');
    const problems = [];
    try {
        await driveAll(client);
    } catch (error) {
        problems.push(error.message);
    } finally {
        await client.close();
    }
    const exchanges = recorded(folder);
    // What is asked wrongly on purpose is refused; then the request was no good, as meant.
    problems.push(...await court.problems(exchanges, (v) => v.exchange.status >= 400 && v.where.startsWith('request')));
    const covered = new Set();
    for (const x of exchanges) if (x.status < 300) covered.add(court.calls.find(x.method, x.url)?.name);
    const all = court.calls.all.map((c) => c.name);
    const missing = all.filter((name) => !covered.has(name));
    problems.push(...missing.map((name) => `not driven: ${name}`));
    console.log(`# ${all.length - missing.length} of ${all.length} calls driven; not driven: ${missing.join(', ') || 'none'}`);
    report(`dct-sim, every call: ${exchanges.length} exchanges`, problems);
}

// The judge can fail: each wrong is caught, where it is and only there.
async function judgeWrongs(court) {
    for (const wrong of wrongs) {
        const folder = folderFor(`wrong ${wrong.name}`);
        const client = await Client.open(dctSim, folder, '--speed', '1000');
        const problems = [];
        try {
            await wrong.commit(client);
        } catch (error) {
            problems.push(error.message);
        } finally {
            await client.close();
        }
        const found = await court.sit(recorded(folder));
        const caught = found.filter((v) => wrong.caught.test(`${v.call}: ${v.where} ${v.says}`));
        if (caught.length === 0) problems.push(`not caught: ${wrong.caught}`);
        problems.push(...found.filter((v) => !caught.includes(v)).map((v) => `besides: ${shown(v, 1)}`));
        report(`caught: ${wrong.name}`, problems);
    }
}

function judgeSlips() {
    const row = { call: 'GET /nothing', where: 'response.body', says: 'nothing', why: 'a test' };
    const problems = new Slips([row]).unused().length === 1 ? [] : ['a slip that excuses nothing passes'];
    report('caught: a slip that excuses nothing', problems);
}

async function main() {
    const began = Date.now();
    const calls = await Calls.of(document);
    const slips = Slips.read(here('slips.json'));
    const prism = await Prism.open(document, path.join(work, 'prism.log'));
    const court = new Court(prism, calls, slips);
    const chosen = (name) => only.test(name);
    try {
        // Wrongs are judged without the slips: none of them is one.
        if (chosen('wrongs')) await judgeWrongs(new Court(prism, calls, new Slips([])));
        if (chosen('wrongs')) judgeSlips();
        if (chosen('every call')) await judgeRoutes(court);
        const buildFolder = standIn();
        for (const [name, script] of Object.entries(scripts))
            if (chosen(name)) await judgeScript(court, name, script, buildFolder);
    } finally {
        await prism.close();
    }
    if (!process.env.ONLY) report('every published slip is met', slips.unused().map((s) => `${shown(s)} excuses nothing`));
    for (const s of slips.rows) console.log(`# excused ${s.times} times: ${shown(s)} (${s.why})`);
    if (said.size > 0) console.log(`# dctd made ${said.size} of ${calls.all.length} calls`);
    report('Prism\'s log and its answers agree',
        prism.logged() === prism.found ? [] : [`${prism.logged()} in the log, ${prism.found} in answers`]);
    console.log(`# ${totals.exchanges} exchanges, ${totals.judged} of them different, judged in ` +
        `${totals.seconds.toFixed(1)} s; ${((Date.now() - began) / 1000).toFixed(0)} s in all`);
}

await main().finally(() => {
    if (process.env.KEEP) console.log(`# records: ${work}`);
    else rmSync(work, { recursive: true, force: true });
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
