// The life of every kind, and every call of the document on the way.
const CONNECTOR = (build) => JSON.stringify({
    type: 'Plugin', name: 'postgres-vsdk', pluginId: 'b1a5', buildNumber: build, externalVersion: `v${build}`,
    hostTypes: ['UNIX'], rootSquashEnabled: true, linkedSourceDefinition: { parameters: {} },
    virtualSourceDefinition: { parameters: {} }, snapshotSchema: {}, language: 'PYTHON38',
});
const INITIATED = {
    postgresPort: 5433,
    delphixInitiatedBackupFlag: true,
    delphixInitiatedBackup: [{ userName: 'd', userPass: 'hush', postgresSourcePort: 5432, sourceHostAddress: 'db' }],
};

// Lists of a kind, its tags, and an object that is not there.
async function common(c, kind, id, { list = true, tags = true } = {}) {
    if (list) {
        await c.get(`/${kind}`);
        await c.get(`/${kind}?limit=1&sort=-id`);
    }
    await c.post(`/${kind}/search`);
    const page = await c.post(`/${kind}/search?limit=1`, { filter_expression: `id EQ '${id}'` });
    if (page.items.length !== 1) throw new Error(`${kind}/search does not find ${id}`);
    await c.get(`/${kind}/${id}`);
    await c.get(`/${kind}/nowhere`, 404);
    if (!tags) return;
    const some = [{ key: 'team', value: 'shop' }, { key: 'team', value: 'sales' }, { key: 'site', value: 'east' }];
    await c.post(`/${kind}/${id}/tags`, { tags: some });
    await c.get(`/${kind}/${id}/tags`);
    await c.get(`/${kind}/${id}`);
    await c.post(`/${kind}/${id}/tags/delete`, some[0]);
    await c.post(`/${kind}/${id}/tags/delete`, { tags: [some[1]] });
    await c.post(`/${kind}/${id}/tags/delete`, { key: 'site' });
    await c.post(`/${kind}/${id}/tags`, { tags: [] }, 400);
}

async function engines(c) {
    const kind = 'management/engines';
    const { id } = await c.post(`/${kind}`, {
        name: 'one', hostname: 'one.x', username: 'a', password: 'b', insecure_ssl: true,
        tags: [{ key: 'site', value: 'east' }],
    });
    await c.until(`/${kind}/${id}`, (e) => e.engine_connection_status === 'ONLINE');
    await common(c, kind, id);
    await c.call('PATCH', `/${kind}/${id}`, { name: 'uno' });
    await c.call('PUT', `/${kind}/${id}`, { name: 'one', hostname: 'one.x', username: 'a', password: 'c' });
    await c.until(`/${kind}/${id}`, (e) => e.engine_connection_status === 'ONLINE');
    await c.post(`/${kind}/${id}/validate/java-path`,
        { java_home: '/opt/java', port: 22, host_name: 'db1', username: 'u', password: 'p' });
    await c.post(`/${kind}`, { name: 'two', hostname: 'one.x' }, 409);
    await c.post(`/${kind}`, { hostname: 'three.x' }, 400);
    return id;
}

async function upload(c, engine, build) {
    const form = new FormData();
    form.append('engine_id', engine);
    form.append('file', new Blob([CONNECTOR(build)], { type: 'application/json' }), 'postgres.json');
    return c.job('POST', '/toolkits/upload', form);
}

async function toolkits(c, engine) {
    await upload(c, engine, '4.1.1');
    const id = (await c.get('/toolkits')).items[0].id;
    await common(c, 'toolkits', id);
    await c.get('/toolkits/schema_definitions');
    await upload(c, engine, '4.2.0');
    await c.post(`/toolkits/${id}/upgrade`, undefined, 400);
    await c.ask('POST', '/_sim/drift', { path: `/toolkits/${id}`, set: { status: 'INACTIVE' } });
    await c.job('POST', `/toolkits/${id}/upgrade`);
    return id;
}

async function environment(c, engine, name, more = {}) {
    const made = await c.job('POST', '/environments', {
        name, engine_id: engine, os_name: 'UNIX', hostname: `${name}.x`, toolkit_path: '/t', ssh_port: 22,
        username: 'pg', password: 'secret', ...more,
    });
    const id = made.environment_id ?? made.environmentId;
    return c.until(`/environments/${id}`, (e) => e.repositories?.length > 0);
}

// Only a cluster has hosts that come and go.
async function clusters(c, engine) {
    const e = await environment(c, engine, 'rac', { is_cluster: true, cluster_home: '/u01/grid' });
    const at = `/environments/${e.id}`;
    await c.job('POST', `${at}/hosts`, { hostname: 'rac2.x', ssh_port: 22, toolkit_path: '/t' });
    const added = (await c.get(at)).hosts.find((h) => h.id !== e.hosts[0].id).id;
    await c.get(`/environments/hosts/${added}`);
    await c.job('DELETE', `${at}/hosts/${added}`);
    await c.job('DELETE', at);
}

async function environments(c, engine) {
    const e = await environment(c, engine, 'db1', { tags: [{ key: 'role', value: 'staging' }], description: 'd' });
    const at = `/environments/${e.id}`;
    await common(c, 'environments', e.id);
    await c.job('PATCH', at, { description: 'Staging' });
    await c.job('POST', `${at}/disable`);
    await c.get(at);
    await c.job('POST', `${at}/enable`);
    await c.job('POST', `${at}/refresh`);
    const user = await c.job('POST', `${at}/users`, { username: 'two', use_engine_public_key: true });
    const { users } = await c.get(`${at}/users`);
    const first = users.find((u) => u.user_ref !== user.user_ref).user_ref;
    await c.job('PUT', `${at}/users/${user.user_ref}`, { username: 'two', password: 'p' });
    await c.job('POST', `${at}/users/${user.user_ref}/primary`);
    await c.job('POST', `${at}/users/${first}/primary`);
    await c.job('DELETE', `${at}/users/${user.user_ref}`);
    await c.job('PATCH', `${at}/hosts/${e.hosts[0].id}`, { toolkit_path: '/u', ssh_port: 22 });
    await clusters(c, engine);
    await c.job('PATCH', `${at}/repository/${e.repositories[0].id}`, { allow_provisioning: true, is_staging: true });
    await c.job('POST', `${at}/repository`, {
        database_type: 'ORACLE', installation_path: '/u01/oracle', bits: 64, oracle_base: '/u01', version: '19.3.0.0.0',
    });
    const other = (await c.get(at)).repositories.find((r) => r.database_type === 'ORACLE');
    await c.job('DELETE', `${at}/repository/${other.id}`);
    await c.call('PATCH', `${at}/hosts/none`, {}, 404);
    return { ...e, user: first };
}

async function sources(c, e) {
    const repository = e.repositories[0].id;
    await c.job('POST', '/sources/postgres', { name: 'orders', repository_id: repository });
    const id = (await c.get('/sources')).items[0].id;
    await common(c, 'sources', id);
    await c.job('PATCH', `/sources/postgres/${id}`, { name: 'orders-1' });
    await c.job('POST', '/sources/appdata', {
        type: 'STAGED', name: 'billing', repository_id: repository, environment_user: e.user,
        parameters: { name: 'billing' },
    });
    const second = (await c.get('/sources?sort=name')).items.find((s) => s.name === 'billing').id;
    await c.job('PATCH', `/sources/appdata/${second}`, { linking_enabled: true });
    await c.get(`/sources/${id}/staging_compatible_repositories`);
    await c.job('DELETE', `/sources/${second}`);
    await c.post('/sources/postgres', { name: 'x' }, 400);
    return id;
}

async function dsources(c, e, source) {
    await c.post('/dsources/appdata/defaults', { source_id: source });
    await c.job('POST', '/dsources/appdata', {
        source_id: source, name: 'orders', link_type: 'AppDataStaged', environment_user: e.user,
        staging_environment: e.id, staging_environment_user: e.user, parameters: INITIATED,
        sync_parameters: { resync: true }, tags: [{ key: 'app', value: 'orders' }],
        ops_post_sync: [{ name: 'h', command: 'true', shell: 'bash' }],
    });
    const { id } = await c.until('/dsources', (l) => l.items.length > 0).then((l) => l.items[0]);
    const at = `/dsources/${id}`;
    await common(c, 'dsources', id);
    await common(c, 'staging-sources', (await c.get('/staging-sources')).items[0].id, { tags: false });
    await c.job('PATCH', `/dsources/appdata/${id}`, {
        name: 'orders', description: 'Orders',
        hooks: { ops_pre_sync: [{ name: 'p', command: 'true', shell: 'bash' }] },
    });
    await c.get(at);
    await c.job('POST', `${at}/snapshots`, { appdata_parameters: { resync: false } });
    await c.get(`${at}/snapshots`);
    await c.get(`${at}/deletion-dependencies`);
    await c.post(`${at}/disable`, undefined, 422);
    await c.job('POST', `${at}/disable`, { attempt_cleanup: true });
    await c.job('POST', `${at}/upgrade`,
        { repository_id: e.repositories[0].id, environment_user_id: e.user });
    await c.job('POST', `${at}/enable`, { attempt_start: true });
    return id;
}

async function snapshots(c, dataset) {
    const page = await c.post('/snapshots/search?sort=-timestamp&limit=1',
        { filter_expression: `dataset_id EQ '${dataset}'` });
    const { id } = page.items[0];
    const at = `/snapshots/${id}`;
    await common(c, 'snapshots', id, { tags: false });
    await c.get(`${at}/timeflow_range`);
    await c.get(`${at}/deletion-dependencies`);
    await c.get(`/snapshots/find_by_timestamp?dataset_id=${dataset}&timestamp=2099-01-01T00:00:00Z`);
    return id;
}

async function provisions(c, e, dsource, snapshot) {
    const repository = e.repositories[0].id;
    const target = (port) => ({
        environment_id: e.id, repository_id: repository, environment_user_id: e.user,
        appdata_source_params: { postgresPort: port }, appdata_config_params: {},
    });
    await c.post('/vdbs/provision_by_snapshot/defaults', { snapshot_id: snapshot });
    await c.post('/vdbs/provision_by_timestamp/defaults', { source_data_id: dsource });
    await c.post('/environments/compatible_repositories_by_snapshot', { snapshot_id: snapshot });
    await c.job('POST', '/vdbs/provision_by_snapshot', {
        source_data_id: dsource, snapshot_id: snapshot, name: 'dev', ...target(5440),
        pre_refresh: [{ name: 'h', command: 'true', shell: 'bash' }], tags: [{ key: 'team', value: 'shop' }],
    });
    const { id } = (await c.get('/vdbs')).items[0];
    await common(c, 'vdbs', id);
    await c.job('POST', '/vdbs/provision_by_timestamp',
        { source_data_id: dsource, timestamp: '2099-01-01T00:00:00Z', name: 'then', ...target(5441) });
    await c.post('/bookmarks', { name: 'b', vdb_ids: [id] });
    const bookmark = (await c.post('/bookmarks/search')).items[0].id;
    await common(c, 'bookmarks', bookmark, { list: false, tags: false });
    await c.post('/vdbs/provision_from_bookmark/defaults', { bookmark_id: bookmark });
    await c.job('POST', '/vdbs/provision_from_bookmark', { bookmark_id: bookmark, name: 'marked', ...target(5442) });
    await c.post('/vdbs/provision_by_snapshot', { source_data_id: 'nowhere' }, 400);
    return { id, bookmark };
}

async function vdbs(c, e, dsource, { id, bookmark }) {
    const at = `/vdbs/${id}`;
    await c.job('PATCH', at, {
        name: 'dev', description: 'd', auto_restart: true, appdata_source_params: { postgresPort: 5440 },
        hooks: { pre_refresh: [{ name: 'h', command: 'true', shell: 'bash' }], post_refresh: [] },
    });
    await c.get(at);
    await c.get(`${at}/deletion-dependencies`);
    await c.job('POST', `${at}/snapshots`);
    await c.get(`${at}/snapshots`);
    const before = (await c.get(at)).current_timeflow_id;
    await common(c, 'timeflows', before, { list: false, tags: false });
    await c.job('POST', `${at}/refresh_by_snapshot`, {});
    await c.get(at);
    await c.job('POST', `${at}/undo_refresh`);
    await c.job('POST', `${at}/refresh_by_timestamp`, { timestamp: '2099-01-01T00:00:00Z', dataset_id: dsource });
    const { location } = (await c.get(`/dsources/${dsource}/snapshots`)).items[0];
    await c.job('POST', `${at}/refresh_by_location`, { location, dataset_id: dsource });
    await c.job('POST', `${at}/refresh_from_bookmark`, { bookmark_id: bookmark });
    await c.job('POST', `${at}/snapshots`);
    await c.job('POST', `${at}/rollback_by_snapshot`, {});
    await c.job('POST', `${at}/rollback_by_timestamp`, { timestamp: '2099-01-01T00:00:00Z' });
    await c.job('POST', `${at}/rollback_from_bookmark`, { bookmark_id: bookmark });
    await c.job('POST', `${at}/switch_timeflow`, { timeflow_id: before });
    await c.job('POST', `${at}/stop`, {});
    await c.job('POST', `${at}/start`, {});
    await c.post(`${at}/lock`, {});
    await c.post(`${at}/delete`, {}, 400);
    await c.post(`${at}/unlock`);
    await c.post(`${at}/disable`, undefined, 422);
    await c.job('POST', `${at}/disable`, { attempt_cleanup: true });
    const repository = e.repositories[0].id;
    await c.job('POST', `${at}/upgrade`, { repository_id: repository, environment_user_id: e.user });
    const other = await environment(c, e.engine_id, 'db2');
    await c.job('POST', `${at}/migrate`, { repository_id: other.repositories[0].id });
    await c.job('POST', `${at}/enable`, { attempt_start: true });
    return other;
}

async function policies(c, vdb) {
    const kind = 'virtualization-policies';
    const policy = (await c.get(`/${kind}`)).items.find((p) => p.policy_type === 'SNAPSHOT_POLICY').id;
    await common(c, kind, policy, { tags: false });
    await c.job('POST', `/${kind}/${policy}/apply`, [{ object_type: 'VDB', object_id: vdb }]);
    await c.post(`/${kind}/targets/search`, { filter_expression: `target_id EQ '${vdb}'` });
    await c.job('POST', `/${kind}/${policy}/unapply`, [{ object_type: 'VDB', object_id: vdb }]);
    await common(c, 'groups', (await c.get('/groups')).items[0].id, { tags: false });
    await c.ask('POST', '/_sim/create', {
        kind: 'database-templates', id: '7', name: 't', set: { name: 't', source_type: 'OracleVirtualSource' },
    });
    await common(c, 'database-templates', '7', { tags: false });
}

// A job may be over before it can be abandoned; then the next one is tried.
async function abandon(c, vdb) {
    for (let i = 0; i < 50; i++) {
        const { job } = await c.post(`/vdbs/${vdb}/snapshots`);
        if (await c.post(`/jobs/${job.id}/abandon`, undefined, [204, 400]) === '') return c.get(`/jobs/${job.id}`);
    }
    throw new Error('no job could be abandoned');
}

async function jobs(c, vdb) {
    await abandon(c, vdb);
    const over = (await c.post('/jobs/search', { filter_expression: "status EQ 'COMPLETED'" })).items[0].id;
    await common(c, 'jobs', over);
    await c.get(`/jobs/${over}/result`);
}

async function ends(c, { engine, toolkit, e, other, source, dsource, vdb }) {
    const names = (await c.get('/vdbs')).items.filter((v) => v.id !== vdb);
    for (const v of names) await c.job('POST', `/vdbs/${v.id}/delete`, { force: false });
    await c.job('POST', `/dsources/${dsource}/snapshots`, {});
    const latest = await c.post('/snapshots/search?sort=-timestamp&limit=1',
        { filter_expression: `dataset_id EQ '${dsource}'` });
    await c.job('POST', `/snapshots/${latest.items[0].id}/delete`, {});
    await c.job('POST', `/vdbs/${vdb}/delete`, { force: true });
    await c.job('POST', '/dsources/delete', { dsource_id: dsource, force: false, delete_all_dependent_vdbs: true });
    await c.job('DELETE', `/sources/${source}`);
    await c.job('DELETE', `/environments/${e.id}`);
    await c.job('DELETE', `/environments/${other.id}`);
    await c.job('DELETE', `/toolkits/${toolkit}`);
    await c.job('DELETE', `/management/engines/${engine}`);
    await c.get('/vdbs');
}

export async function driveAll(c) {
    const engine = await engines(c);
    const toolkit = await toolkits(c, engine);
    const e = await environments(c, engine);
    const source = await sources(c, e);
    const dsource = await dsources(c, e, source);
    const snapshot = await snapshots(c, dsource);
    const made = await provisions(c, e, dsource, snapshot);
    const other = await vdbs(c, e, dsource, made);
    await policies(c, made.id);
    await jobs(c, made.id);
    await ends(c, { engine, toolkit, e, other, source, dsource, vdb: made.id });
}
