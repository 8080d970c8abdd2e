// Stands in for dct-sim: starts the real one (DCT_SIM) on a port of its own,
// serves the port that was asked for, passes every byte on, and writes each
// exchange down, one line of JSON, into the folder that JUDGE_RECORD names. Calls
// of /_sim/ are the tests' own and are not written down.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BASE = '/dct/v3';
const folder = process.env.JUDGE_RECORD;
const file = path.join(folder, `${process.pid}.jsonl`);
const own = mkdtempSync(path.join(tmpdir(), 'judge-'));
process.on('exit', () => rmSync(own, { recursive: true, force: true }));

// The simulator's arguments, with its port replaced by one that is free.
function split(argv) {
    const args = [];
    let port = 0;
    let portFile;
    for (let i = 0; i < argv.length; i++) {
        if (argv[i] === '--listen') port = Number(argv[++i].split(':').pop());
        else if (argv[i] === '--port-file') portFile = argv[++i];
        else args.push(argv[i]);
    }
    args.push('--listen', '127.0.0.1:0', '--port-file', path.join(own, 'port'));
    return { args, port, portFile };
}

async function opened() {
    while (!existsSync(path.join(own, 'port'))) await new Promise((go) => setTimeout(go, 5));
    return Number(readFileSync(path.join(own, 'port'), 'utf8'));
}

function note(request, body, answer, reply, cut) {
    if (!request.url.startsWith(BASE)) return;
    appendFileSync(file, JSON.stringify({
        method: request.method,
        url: request.url.slice(BASE.length),
        headers: request.headers,
        body: body.toString('utf8'),
        status: answer ? answer.statusCode : 0,
        type: answer ? answer.headers['content-type'] : undefined,
        reply: reply.toString('utf8'),
        cut,
    }) + '\n');
}

function pass(upstream, request, response) {
    const sent = [];
    const got = [];
    let answer;
    let noted = false;
    const end = (cut) => {
        if (noted) return;
        noted = true;
        note(request, Buffer.concat(sent), answer, Buffer.concat(got), cut);
        if (cut) response.destroy();
    };
    const onward = http.request({
        host: '127.0.0.1', port: upstream, agent: false, method: request.method, path: request.url,
        headers: { ...request.headers, connection: 'close' },
    }, (a) => {
        answer = a;
        const headers = { ...a.headers };
        delete headers.connection;
        response.writeHead(a.statusCode, headers);
        a.on('data', (chunk) => { got.push(chunk); response.write(chunk); });
        // Noted before the client can have its answer whole: nothing is missed.
        a.on('end', () => { end(!a.complete); response.end(); });
        a.on('error', () => end(true));
    });
    onward.on('error', () => end(true));
    response.on('close', () => { if (!response.writableFinished) onward.destroy(); });
    request.on('data', (chunk) => { sent.push(chunk); onward.write(chunk); });
    request.on('end', () => onward.end());
}

const { args, port, portFile } = split(process.argv.slice(2));
// The simulator ends with this process, however that ends.
const sim = spawn('setpriv', ['--pdeathsig', 'TERM', process.env.DCT_SIM, ...args],
    { stdio: ['ignore', 'ignore', 'inherit'] });
sim.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => sim.kill('SIGTERM'));

const upstream = await opened();
const server = http.createServer((request, response) => pass(upstream, request, response));
server.keepAliveTimeout = 0;
server.listen(port, '127.0.0.1', () => {
    if (portFile) writeFileSync(portFile, `${server.address().port}\n`);
});
