-- +goose Up
create index triggers_in on triggers (state);
create index changes_in on changes (state);
create index answers_under on answers (key);
