-- +goose Up
create index writes_of on writes (json_extract(payload, '$.of'), id) where kind = 'edit_comment';
