// Prism as a judge of recorded exchanges. It runs as a proxy; behind it stands a
// server that answers with what was recorded. So Prism sees each request and each
// answer as they were, and what it does to the bytes that it passes on reaches
// nobody. Its findings come back in a header of its own, exchange by exchange.
import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

const WIDTH = 8;
const CLI = path.join(process.env.JUDGE_MODULES, '@stoplight/prism-cli/dist/index.js');

function freePort() {
    return new Promise((go) => {
        const probe = net.createServer();
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => go(port));
        });
    });
}

function connects(port) {
    return new Promise((go) => {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('connect', () => { socket.destroy(); go(true); });
        socket.on('error', () => go(false));
    });
}

// Prism sends JSON on as it reads it; the length must be that of what it sends.
function asPrismSendsIt(x) {
    if (!/json/.test(x.headers['content-type'] ?? '') || !x.body) return x.body;
    try {
        return JSON.stringify(JSON.parse(x.body));
    } catch {
        return x.body;
    }
}

export class Prism {
    static async open(document, logFile) {
        const prism = new Prism();
        prism.exchanges = [];
        prism.logFile = logFile;
        prism.found = 0;
        prism.agent = new http.Agent({ keepAlive: true, maxSockets: WIDTH });
        prism.behind = http.createServer((request, response) => prism.answer(request, response));
        await new Promise((go) => prism.behind.listen(0, '127.0.0.1', go));
        prism.port = await freePort();
        const upstream = `http://127.0.0.1:${prism.behind.address().port}`;
        prism.process = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, CLI, 'proxy', document, upstream,
            '-h', '127.0.0.1', '-p', String(prism.port), '-v', 'warn'],
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SCARF_ANALYTICS: 'false', NO_COLOR: '1' } });
        const log = createWriteStream(logFile);
        prism.process.stdout.pipe(log, { end: false });
        prism.process.stderr.pipe(log, { end: false });
        let ended = false;
        prism.ended = new Promise((go) => prism.process.on('exit', () => { ended = true; go(); }));
        for (let i = 0; !(await connects(prism.port)); i++) {
            if (ended || i > 600) throw new Error(`Prism did not start: ${readFileSync(logFile, 'utf8')}`);
            await new Promise((go) => setTimeout(go, 50));
        }
        return prism;
    }

    answer(request, response) {
        const n = request.headers['x-judge-exchange'];
        const x = this.exchanges[n];
        const headers = { 'x-judge-answer': n };
        request.resume();
        if (x.cut) {
            response.writeHead(204, headers).end();
            return;
        }
        if (x.type) headers['content-type'] = x.type;
        response.writeHead(x.status, headers);
        response.end(x.reply);
    }

    // Prism's findings on one exchange: [{ location, severity, message }].
    judge(x) {
        const n = this.exchanges.push(x) - 1;
        const body = asPrismSendsIt(x);
        const headers = { ...x.headers, 'x-judge-exchange': String(n) };
        delete headers.connection;
        delete headers['transfer-encoding'];
        delete headers.expect;
        if (body) headers['content-length'] = String(Buffer.byteLength(body));
        return new Promise((go) => {
            const failed = (why) => go([{ location: ['judge'], severity: 'Error', message: why }]);
            const request = http.request({
                host: '127.0.0.1', port: this.port, agent: this.agent, method: x.method, path: x.url,
                headers, maxHeaderSize: 1 << 20,
            }, (response) => {
                const chunks = [];
                response.on('data', (chunk) => chunks.push(chunk));
                response.on('end', () => {
                    if (response.headers['x-judge-answer'] !== String(n)) {
                        failed(`Prism answered by itself: ${response.statusCode} ${Buffer.concat(chunks)}`);
                        return;
                    }
                    const found = Prism.read(response.headers['sl-violations']);
                    this.found += found.length;
                    go(found);
                });
            });
            request.on('error', (error) => failed(`Prism: ${error.message}`));
            request.end(body || undefined);
        });
    }

    static read(header) {
        if (!header) return [];
        try {
            return JSON.parse(header);
        } catch {
            return [{ location: ['judge'], severity: 'Error', message: header }];
        }
    }

    // Findings in the order of the exchanges.
    async judgeAll(exchanges) {
        const findings = new Array(exchanges.length);
        let next = 0;
        const work = async () => {
            while (next < exchanges.length) {
                const n = next++;
                findings[n] = await this.judge(exchanges[n]);
            }
        };
        await Promise.all(Array.from({ length: WIDTH }, work));
        return findings;
    }

    // What Prism's log says must be what its headers said.
    logged() {
        return (readFileSync(this.logFile, 'utf8').match(/Violation:/g) ?? []).length;
    }

    async close() {
        for (let i = 0; i < 40 && this.logged() < this.found; i++) await new Promise((go) => setTimeout(go, 50));
        this.process.kill('SIGTERM');
        await this.ended;
        this.agent.destroy();
        this.behind.closeAllConnections();
        await new Promise((go) => this.behind.close(go));
    }
}
