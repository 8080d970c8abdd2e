// Asks dct-sim, through the recorder, what a client could ask it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const RECORDER = fileURLToPath(new URL('record.mjs', import.meta.url));
const RUNNING = ['PENDING', 'STARTED', 'RUNNING', 'WAITING', 'SUSPENDED'];

export const pause = (ms) => new Promise((go) => setTimeout(go, ms));

export class Client {
    static async open(dctSim, record, ...options) {
        const client = new Client();
        client.folder = mkdtempSync(path.join(tmpdir(), 'judge-'));
        const portFile = path.join(client.folder, 'port');
        client.process = spawn('setpriv',
            ['--pdeathsig', 'TERM', process.execPath, RECORDER, '--listen', '127.0.0.1:0', '--port-file', portFile, '--quiet', ...options],
            { stdio: 'inherit', env: { ...process.env, JUDGE_RECORD: record, DCT_SIM: dctSim } });
        client.ended = new Promise((go) => client.process.on('exit', go));
        for (let i = 0; !existsSync(portFile) || !readFileSync(portFile, 'utf8'); i++) {
            if (i > 1000 || client.process.exitCode !== null) throw new Error('dct-sim did not start');
            await pause(10);
        }
        client.root = `http://127.0.0.1:${readFileSync(portFile, 'utf8').trim()}`;
        return client;
    }

    // The answer's JSON, or its text; `status` is what is expected.
    async ask(method, url, body, status = [200, 201, 202, 204], headers = {}) {
        const form = body instanceof FormData;
        const answer = await fetch(this.root + url, {
            method,
            body: body === undefined || form ? body : JSON.stringify(body),
            headers: {
                ...(url.startsWith('/_sim/') ? {} : { authorization: 'apk 1.key-of-the-judge' }),
                ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
                ...headers,
            },
        });
        const text = await answer.text();
        if (![status].flat().includes(answer.status))
            throw new Error(`${method} ${url} ${JSON.stringify(body) ?? ''} answered ${answer.status}: ${text}`);
        try {
            return JSON.parse(text);
        } catch {
            return text;
        }
    }

    call(method, url, body, status) {
        return this.ask(method, `/dct/v3${url}`, body, status);
    }

    get(url, status) {
        return this.call('GET', url, undefined, status);
    }

    post(url, body, status) {
        return this.call('POST', url, body, status);
    }

    // Until the answer is as told.
    async until(url, done) {
        for (let i = 0; i < 400; i++) {
            const answer = await this.get(url, [200, 404, 503]);
            if (done(answer)) return answer;
            await pause(40);
        }
        throw new Error(`${url} did not come to what was expected`);
    }

    // Calls, and waits for the job that the answer carries.
    async job(method, url, body) {
        const answer = await this.call(method, url, body);
        const id = answer.job?.id ?? answer.id;
        const job = await this.until(`/jobs/${id}`, (j) => !RUNNING.includes(j.status));
        if (job.status !== 'COMPLETED') throw new Error(`${method} ${url}: ${JSON.stringify(job)}`);
        return answer;
    }

    async close() {
        this.process.kill('SIGTERM');
        await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
