-- +goose Up
-- Times are milliseconds since 1970 in UTC. What is not asked for by a query lies in data, as JSON.

create table deliveries (
  id integer primary key,
  host text not null,
  guid text not null,
  event text not null,
  key text,
  payload blob,
  received_at integer not null,
  not_before integer not null default 0,
  attempts integer not null default 0,
  done_at integer,
  outcome text,
  unique (host, guid)
);
create unique index deliveries_by_key on deliveries (host, key) where key is not null;
create index deliveries_waiting on deliveries (id) where done_at is null;

create table repositories (
  id integer primary key,
  key text not null unique,
  host_id integer not null,
  head text not null default '',
  data text not null
);

create table products (
  id integer primary key,
  repository_id integer not null references repositories (id),
  path text not null,
  name text not null,
  gone integer not null default 0,
  wanted integer not null default 0,
  done integer not null default 0,
  data text not null default '{}',
  unique (repository_id, path)
);
create index products_by_name on products (name);

create table leases (
  name text primary key,
  holder text not null,
  fence integer not null,
  until integer not null
);

create table campaigns (
  id integer primary key,
  key text not null unique,
  state text not null,
  created_at integer not null,
  data text not null
);

create table changes (
  id integer primary key,
  uid text not null unique,
  product_id integer not null references products (id),
  state text not null,
  branch text not null,
  number integer not null default 0,
  created_at integer not null,
  updated_at integer not null,
  data text not null
);
create index changes_by_product on changes (product_id, state);

create table triggers (
  id integer primary key,
  product_id integer not null references products (id),
  kind text not null,
  key text not null,
  hash text not null default '',
  state text not null,
  issue integer not null default 0,
  change_id integer references changes (id),
  campaign_id integer references campaigns (id),
  created_at integer not null,
  updated_at integer not null,
  data text not null,
  unique (product_id, key)
);
create index triggers_by_state on triggers (product_id, state);
create index triggers_by_change on triggers (change_id);
create index triggers_by_campaign on triggers (campaign_id);

create table answers (
  change text not null,
  key text not null,
  answer text not null,
  primary key (change, key)
);

create table writes (
  id integer primary key,
  key text not null unique,
  kind text not null,
  repository text not null,
  payload text not null,
  state text not null,
  attempts integer not null default 0,
  tried_at integer not null default 0,
  result text not null default '',
  error text not null default '',
  created_at integer not null,
  done_at integer
);
create index writes_waiting on writes (state, id);

create table settings (name text primary key, value text not null);
