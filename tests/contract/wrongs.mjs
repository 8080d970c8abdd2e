// What the judge must catch: dct-sim made to answer wrongly, and clients that
// ask wrongly. dct-sim is not strict here, so it takes what it is asked.
const ENGINES = '/management/engines';

async function engine(c) {
    const { id } = await c.post(ENGINES, { name: 'one', hostname: 'one.x', username: 'a', password: 'b' });
    return `${ENGINES}/${id}`;
}

// An engine whose answer has these members.
function answered(set, list = false) {
    return async (c) => {
        const at = await engine(c);
        await c.ask('POST', '/_sim/drift', { path: at, set });
        await c.get(list ? ENGINES : at);
    };
}

// The list of engines, spoilt by a fault.
function spoilt(rule) {
    return async (c) => {
        await engine(c);
        await c.ask('POST', '/_sim/fault', { route: ENGINES, method: 'GET', ...rule });
        await c.get(ENGINES, [200, 502, 503]);
    };
}

async function asked(c, method, url, body, headers) {
    await engine(c);
    await c.ask(method, `/dct/v3${url}`, body, [200, 201, 204, 400, 401, 404, 422], headers);
}

function form() {
    const parts = new FormData();
    parts.append('file', new Blob(['{}']), 'connector.json');
    return parts;
}

export const wrongs = [
    { name: 'a member of the wrong type', commit: answered({ hostname: 5 }),
        caught: /^GET .*engineId}: response\.body\.hostname .*string/ },
    { name: 'a member that the document does not have', commit: answered({ host_name: 'x' }),
        caught: /^GET .*engineId}: response\.body .*(additional|host_name)/ },
    { name: 'a word that is none of the listed', commit: answered({ engine_connection_status: 'SLEEPING' }),
        caught: /^GET .*engineId}: response\.body\.engine_connection_status .*allowed/ },
    { name: 'a wrong object among those of a list', commit: answered({ cpu_core_count: 'many' }, true),
        caught: /engines: response\.body\.items\.0\.cpu_core_count .*integer/ },
    { name: 'a page instead of JSON', commit: spoilt({ html: true, status: 200 }),
        caught: /^GET .*engines: response\.?(body)? / },
    { name: 'a refusal that is a page', commit: spoilt({ html: true, status: 502 }),
        caught: /^GET .*engines: response\.body the refusal \(502\) is not JSON/ },
    { name: 'a request with a misspelled member',
        commit: (c) => asked(c, 'POST', '/environments', { engine_id: '1', os_name: 'UNIX', host_name: 'h', hostname: 'h' }),
        caught: /^POST \/environments: request\.body .*(additional|host_name)/ },
    { name: 'a request with a member of the wrong type',
        commit: (c) => asked(c, 'POST', ENGINES, { name: 7, hostname: 'two.x' }),
        caught: /^POST .*engines: request\.body\.name .*string/ },
    { name: 'a request without a member that is required',
        commit: (c) => asked(c, 'POST', '/dsources/delete', {}),
        caught: /^POST \/dsources\/delete: request\.body .*dsource_id/ },
    { name: 'an upload that does not say where to', commit: (c) => asked(c, 'POST', '/toolkits/upload', form()),
        caught: /^POST \/toolkits\/upload: request\.body .*engine_id/ },
    { name: 'a page that is too large', commit: (c) => asked(c, 'GET', `${ENGINES}?limit=1001`),
        caught: /engines: request\.query\.limit / },
    { name: 'a parameter of a query that is not known', commit: (c) => asked(c, 'GET', `${ENGINES}?limits=10`),
        caught: /engines: request\.query\.limits is no parameter/ },
    { name: 'a call that is not in the document', commit: (c) => asked(c, 'GET', '/engines'),
        caught: /^GET \/engines: request Selected route not found/ },
    { name: 'a request without a key',
        commit: (c) => asked(c, 'GET', ENGINES, undefined, { authorization: '' }),
        caught: /engines: request .*(security|Invalid)/ },
];
