-- A ledger of layout 2: a prediction, a semantic hit and a re-execution.
BEGIN TRANSACTION;
CREATE TABLE entries (
  entry_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  request_id VARCHAR NOT NULL,
  tenant VARCHAR NOT NULL,
  cost_center VARCHAR NOT NULL,
  task VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  lane VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  occurred_at BIGINT NOT NULL,
  list_cost BIGINT NOT NULL,
  effective_cost BIGINT NOT NULL,
  unbilled_cost BIGINT NOT NULL,
  published_tokens BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  policy_version VARCHAR NOT NULL,
  waterfall VARCHAR NOT NULL,
  verdict VARCHAR,
  decisions VARCHAR DEFAULT '[]' NOT NULL,
  PRIMARY KEY (entry_id)
);
INSERT INTO "entries" VALUES('e-1','RESPONSE','r-e-1','bank','desk','faq','m','REALTIME','ENGINE','COMPLETED',1790000000000,100,70,0,12,12,0,4,'v1','{"list_cost":100,"savings":[{"strategy":"routing","tokens":0,"gross":30,"cost":0}],"effective_cost":70,"costs":[{"kind":"input","strategy":null,"model":"m","tokens":10,"cost":70,"price_version":"p1"}]}',NULL,'[]');
INSERT INTO "entries" VALUES('e-2','RESPONSE','r-e-2','bank','desk','faq','m','REALTIME','SEMANTIC_CACHE','COMPLETED',1790000000000,100,3,0,12,12,0,4,'v1','{"list_cost":100,"savings":[{"strategy":"routing","tokens":0,"gross":30,"cost":0},{"strategy":"semantic_cache","tokens":10,"gross":70,"cost":3}],"effective_cost":3,"costs":[{"kind":"input","strategy":"semantic_cache","model":"m","tokens":10,"cost":3,"price_version":"p1"}]}',NULL,'[]');
INSERT INTO "entries" VALUES('e-3','REEXECUTION','r-e-3','bank','desk','faq','m','REALTIME','ENGINE','COMPLETED',1790000000000,0,0,9,12,12,0,4,'v1','{"list_cost":0,"savings":[],"effective_cost":0,"costs":[]}',NULL,'[]');
CREATE TABLE rollup_savings (
  rollup_key VARCHAR NOT NULL,
  strategy VARCHAR NOT NULL,
  tokens BIGINT NOT NULL,
  gross BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (rollup_key, strategy),
  FOREIGN KEY(rollup_key) REFERENCES rollups (rollup_key)
);
INSERT INTO "rollup_savings" VALUES('["bank","desk","faq","m","REALTIME","ENGINE",1789999200000]','routing',0,30,0,2);
INSERT INTO "rollup_savings" VALUES('["bank","desk","faq","m","REALTIME","SEMANTIC_CACHE",1789999200000]','routing',0,30,0,1);
INSERT INTO "rollup_savings" VALUES('["bank","desk","faq","m","REALTIME","SEMANTIC_CACHE",1789999200000]','semantic_cache',10,70,3,1);
CREATE TABLE rollups (
  rollup_key VARCHAR NOT NULL,
  tenant VARCHAR NOT NULL,
  cost_center VARCHAR NOT NULL,
  task VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  lane VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  hour BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  list_cost BIGINT NOT NULL,
  effective_cost BIGINT NOT NULL,
  unbilled_cost BIGINT NOT NULL,
  published_tokens BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  version BIGINT NOT NULL,
  checks BIGINT DEFAULT 0 NOT NULL,
  wrong BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (rollup_key)
);
INSERT INTO "rollups" VALUES('["bank","desk","faq","m","REALTIME","ENGINE",1789999200000]','bank','desk','faq','m','REALTIME','ENGINE',1789999200000,2,1,100,70,9,24,24,0,8,2,0,0);
INSERT INTO "rollups" VALUES('["bank","desk","faq","m","REALTIME","SEMANTIC_CACHE",1789999200000]','bank','desk','faq','m','REALTIME','SEMANTIC_CACHE',1789999200000,1,1,100,3,0,12,12,0,4,1,0,0);
CREATE TABLE schema_version (
  id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  log VARCHAR,
  PRIMARY KEY (id)
);
INSERT INTO "schema_version" VALUES(1,2,'cluster-1');
CREATE VIEW spend AS SELECT r.tenant, r.cost_center, r.task, r.model, r.lane, r.source, r.hour, strftime('%Y-%m-%dT%H:00:00Z', r.hour / 1000, 'unixepoch') AS hour_utc, r.entries, r.requests, r.list_cost, r.list_cost - r.effective_cost AS saved, r.effective_cost, r.unbilled_cost, r.published_tokens, r.prompt_tokens, r.cached_tokens, r.completion_tokens FROM rollups r;
CREATE VIEW savings AS SELECT r.tenant, r.cost_center, r.task, r.model, r.lane, r.source, r.hour, strftime('%Y-%m-%dT%H:00:00Z', r.hour / 1000, 'unixepoch') AS hour_utc, s.strategy, s.tokens, s.gross, s.cost, s.gross - s.cost AS net FROM rollup_savings s JOIN rollups r ON r.rollup_key = s.rollup_key;
CREATE VIEW cache_quality AS SELECT r.tenant, r.cost_center, r.task, r.model, r.hour, strftime('%Y-%m-%dT%H:00:00Z', r.hour / 1000, 'unixepoch') AS hour_utc, CAST(sum(r.requests) AS BIGINT) AS semantic_hits, CAST(sum(r.checks) AS BIGINT) AS checks, CAST(sum(r.wrong) AS BIGINT) AS wrong FROM rollups r WHERE r.source = 'SEMANTIC_CACHE' GROUP BY r.tenant, r.cost_center, r.task, r.model, r.hour;
COMMIT;
