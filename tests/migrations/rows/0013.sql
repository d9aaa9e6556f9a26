-- Payments as revision 0013 kept them, with consents and notices; below, what was sealed of them then.
INSERT INTO members (member_id, first_name, last_name, date_of_birth_hash, address, city, state, postal_code, language,
    extra_time, sms_ok, updated_at)
VALUES ('400000000101', 'Ada', 'Byron', '\x01', '1 Main St', 'Boston', 'MA', '02108', 'en-US', false, true,
    '2026-12-01Z');
INSERT INTO billing_accounts (billing_account, member_id, plan) VALUES ('740000101', '400000000101', 'health');
-- 1 was told by text message; 2 by a letter, and again by text message when its date moved, and by a letter when it
-- moved once more; 3 was cancelled first; 4 waits for a carrier; of 5, nothing is kept but the row.
INSERT INTO payments (confirmation_number, call_sid, seq, state, amount_cents, plan, billing_account, member_id,
    authorized_at, cutoff_at, not_before_date, effective_entry_date, sec_code, account_type, rdfi_routing_number,
    account_fingerprint, account_last4, receiver_name, language, pace)
SELECT '1234567890' || n, 'CA' || n, 14, (ARRAY['sent', 'authorized', 'cancelled', 'authorized', 'final'])[n], 10000 + n,
    'health', '740000101', '400000000101', ts, ts + interval '7 hours', '2026-12-21', '2026-12-21', 'TEL', 'checking',
    '021000021', '\x02', '6789', 'Ada Byron', 'en-US', 'voice'
FROM generate_series(1, 5) AS n, LATERAL (SELECT CASE n WHEN 5 THEN '2010-01-04 15:15Z' ELSE '2026-12-18 15:15Z' END
    ::timestamptz + n * interval '1 minute') AS at (ts);
INSERT INTO consents (payment_id, how, spoken_by, words_heard, confidence, asked_at, answered_at, text, language,
    flow_version, prompts)
SELECT id, 'spoken', 'caller', 'yes I do', 0.875, authorized_at - interval '20 s', authorized_at,
    'You authorize one electronic debit.', 'en-US', 'abc123', '[{"id": "authorization-terms"}]'
FROM payments WHERE id < 5;
INSERT INTO notices (payment_id, channel, language, state, created_at, sent_at, body, attempts_before) VALUES
    (1, 'sms', 'en-US', 'sent', '2026-12-18 15:16Z', '2026-12-18 15:17Z', 'We will debit you once.', 0),
    (2, 'letter', 'en-US', 'sent', '2026-12-22 16:00Z', '2026-12-22 16:01Z', 'The third.', 3),
    (3, 'letter', 'en-US', 'withdrawn', '2026-12-18 15:18Z', null, null, 0),
    (4, 'sms', 'en-US', 'pending', '2026-12-18 15:19Z', null, 'Waiting.', 0);
INSERT INTO earlier_notices (payment_id, channel, language, created_at, sent_at, body) VALUES
    (2, 'letter', 'en-US', '2026-12-18 15:17Z', '2026-12-18 15:18Z', 'The first.'),
    (2, 'sms', 'en-US', '2026-12-21 15:00Z', '2026-12-21 15:01Z', 'The second.');
INSERT INTO notice_attempts (payment_id, channel, state, started_at, finished_at, provider_reference, detail,
    document_sha256) VALUES
    (2, 'letter', 'accepted', '2026-12-18 15:17:30Z', '2026-12-18 15:18Z', 'a', null, '\x0a'),
    (1, 'sms', 'delivered', '2026-12-18 15:16:30Z', '2026-12-18 15:17Z', 'SM1', null, '\x0b'),
    (2, 'sms', 'accepted', '2026-12-21 15:00:30Z', '2026-12-21 15:01Z', 'SM2', null, '\x0c'),
    (4, 'sms', 'later', '2026-12-18 15:19:30Z', '2026-12-18 15:20Z', null, 'no connection', '\x0d'),
    (2, 'letter', 'accepted', '2026-12-22 16:00:30Z', '2026-12-22 16:01Z', 'b', null, '\x0e');
SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW('notices', 'send_notice', 0, NULL, NULL, '{"payment_id": 4}', NULL)
    ::procrastinate_job_to_defer_v1]))[1];
-- The chain over 1, 2, 3 and 5 as the program of then sealed it, with the hash key of the tests.
INSERT INTO evidence_seals (payment_id, sealed_at, digest, head) VALUES
    (1, '2026-12-24Z', '\x32a6431026940b45954c7d5d4536a1a19635f309d0a0183998486345d6e5f322',
     '\x9f96f41d11e5e90435cca95036ecfa9a4bb73ece24be496675b55ec2b469aa81'),
    (2, '2026-12-24Z', '\x62a8b3bdfec60f62b86c0ab1e41b0828686cdeb2601af630a370c8ccc59f3f1e',
     '\xde31f23d881cd5085e42dabba2b51ac2060565f12f69ed6b289c89d9968c97c4'),
    (3, '2026-12-24Z', '\xd2c20777f050348a144e33cd940b8e146209706b96ec9ef56a1827c77e8b865e',
     '\x977374dfb7292053d83e4f85e143c44d23874282d87f265e087d4fafe4ed8570'),
    (5, '2026-12-24Z', '\x7c9a7e214b11a2c6fc912e91079435441f580f4d971c61d36e720a798054ed58',
     '\x218dfef2dd129f437dd0597e25f00a8a339c605860b296d6cf9617555f5a0cf9');
