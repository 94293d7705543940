BEGIN TRANSACTION;
CREATE TABLE action_token (
    token TEXT PRIMARY KEY,
    policy TEXT NOT NULL,
    subject TEXT NOT NULL,
    episode INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    verb TEXT NOT NULL,
    amount_ml INTEGER,
    created_utc TEXT NOT NULL,
    used_utc TEXT
, covers TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
INSERT INTO "action_token" VALUES('KEEPCOOL_2616D8B360CEC5D4','hydration','anna',1,'anna','drank',200,'2026-06-27T06:20:00+00:00','2026-06-27T06:20:00+00:00','[]');
INSERT INTO "action_token" VALUES('KEEPCOOL_4B7FE2162C30810F','heat','anna',1,'anna','on_it',NULL,'2026-06-27T12:35:00+00:00',NULL,'[]');
INSERT INTO "action_token" VALUES('KEEPCOOL_D8CA0C37D7237EAE','heat','anna',1,'anna','on_it',NULL,'2026-06-27T13:15:00+00:00',NULL,'[]');
INSERT INTO "action_token" VALUES('KEEPCOOL_EBE1A4531D16C2A8','heat','anna',1,'anna','on_it',NULL,'2026-06-27T12:55:00+00:00',NULL,'[]');
INSERT INTO "action_token" VALUES('KEEPCOOL_F5F89FA5B1AC6C90','heat','anna',1,'anna','on_it',NULL,'2026-06-27T12:45:00+00:00',NULL,'[]');
CREATE TABLE alert (
    policy TEXT NOT NULL,
    subject TEXT NOT NULL,
    episode INTEGER NOT NULL,
    phase TEXT NOT NULL,
    saved_boot_id TEXT NOT NULL,
    saved_boot_s REAL NOT NULL,
    saved_utc TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (policy, subject, episode)
) WITHOUT ROWID;
INSERT INTO "alert" VALUES('heat','anna',1,'firing','stepped',1782566100.0,'2026-06-27T13:15:00+00:00','{"key":{"policy":"heat","subject":"anna","episode":1},"phase":"firing","severity":4,"level":3,"person_ids":["anna"],"message":{"message_id":"heat_level_3","parameters":{"room":"Bedroom","temperature_c":32.0,"effective_temperature_c":32.3,"relative_humidity_pct":40.0,"cooling":"fan_only","device":"Fan","fan":"wet_skin","last_seen_local":null,"limit_c":32.0}},"reason":"Bedroom 32.3 °C over 10 min, level 3 from 32.0 °C","raised_at":"2026-06-27T04:00:00Z","firing_for":"PT9H15M","told_severity":4,"told_level":3,"since_told":"PT40M","since_answered":null,"is_expected":false,"clearing_for":null,"snoozed_for":null,"climb":{"since_first":"PT40M","second_road":[],"is_carer_told":false,"repeats":3},"told_carers":[],"answered_by":null,"is_answer_told":false,"waiting_for":[],"digested_for":[]}');
INSERT INTO "alert" VALUES('hydration','anna',1,'resolved','stepped',1782541201.0,'2026-06-27T06:20:01+00:00','{"key":{"policy":"hydration","subject":"anna","episode":1},"phase":"resolved","severity":1,"level":0,"person_ids":["anna"],"message":{"message_id":"hydration_reminder","parameters":{"drunk_ml":0,"goal_ml":2100,"portion_ml":200,"has_salt_caution":false}},"reason":"0 of 2100 ml, 207 ml behind an even pace","raised_at":"2026-06-27T06:20:00Z","firing_for":"PT1S","told_severity":1,"told_level":0,"since_told":"PT1S","since_answered":"PT1S","is_expected":false,"clearing_for":"PT0S","snoozed_for":null,"climb":null,"told_carers":[],"answered_by":"anna","is_answer_told":false,"waiting_for":[],"digested_for":[]}');
INSERT INTO "alert" VALUES('hydration','anna',2,'firing','stepped',1782556501.0,'2026-06-27T10:35:01+00:00','{"key":{"policy":"hydration","subject":"anna","episode":2},"phase":"firing","severity":0,"level":0,"person_ids":["anna"],"message":{"message_id":"hydration_reminder","parameters":{"drunk_ml":200,"goal_ml":2100,"portion_ml":200,"has_salt_caution":false}},"reason":"200 of 2100 ml, 669 ml behind an even pace","raised_at":"2026-06-27T07:35:00Z","firing_for":"PT3H1S","told_severity":1,"told_level":0,"since_told":"PT1S","since_answered":null,"is_expected":false,"clearing_for":null,"snoozed_for":null,"climb":null,"told_carers":[],"answered_by":null,"is_answer_told":false,"waiting_for":[],"digested_for":[]}');
CREATE TABLE delivery (
    tag TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tag, recipient_id)
) WITHOUT ROWID;
INSERT INTO "delivery" VALUES('keepcool-heat-anna-1','anna','{"queued":{"boot_id":"stepped","boot_s":1782563700.0,"utc":"2026-06-27T12:35:00Z"},"channels":["anna:mobile_app_annas_phone"],"refused":[],"is_handed":true,"is_received":false}');
CREATE TABLE drink (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    at_utc TEXT NOT NULL,
    amount_ml INTEGER NOT NULL,
    source TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "drink" VALUES('KEEPCOOL_2616D8B360CEC5D4','anna','2026-06-27T06:20:00+00:00',200,'button');
CREATE TABLE forecast (
    source TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "forecast" VALUES('open_meteo',X'789CC59BCD6E1B471084DF65CF3231FF3BA3E7F0C9414008D406222089024559090CBF7BD6542E41AAAA35830502F8664AFAD033DDD5D53DFC31BD9EDECE8765BA9D4E2FCBF3FE69B92CA7E966FA63B91C1E96FBFDDD65FD9FE042F9E2CA97307FF5E1D6B9F5DFB7F5330FEB4FBE4EB7BFFD98FEFDA9F2F5FA917F3E75599E5E96F3DDE5EDBCEC0FD36DF0BB74339D97C7BBCBF1FBB27F787B3ADE1F2F7FED5F0EEBEF98CBCEDD4CEFC7E7FBFDEBCBB2FEF9A7FDFA07C2CEDF4C87C7D3DBFDFE70FABE9C3F3E5BAE9F7D7D389D2FEF77EB6F3ADFDD1FD7DF797ADEBFEF9FC274EB76EEE70D40F30ACD71B48AD0FCAE6D8816389ADBE56EB47943B448D17CDB558A563D46DBF240D360D4E05D734368F32E43B4ACA2D63AA3E67665042D13B63298A211B3D501B61018DCCCE19238D3123E1FB814355C720CAE72B8FC2BE9085C9E3F0F179A86CB35916C681CAE283872ACA8BC7DD44971E51249552F646156706E3BB89A133E562F84A10961481DC71A0DB81658E48434A8FA9B48422404970CB83813382E0ED1293872AC11656B30E05C20C7CAE5613D0D5E4A62FBBC3C24235BAB67778E0BC40A57BAE150E472D670A512F5F25C2174E44842A03B578C63CD9125045788786D2F181CEC9570E42CB8484B895008A5FBB9235B2D385F199C50882AEADCC73DFA2F1CEC32AD630DF8548314087EAA99344CB02931D8C8850B421EB2E897326C33AFBC9BA1097188425671B7E4877281A17169084114B8020B9C1FCA0488361B1EF5FF451377CD89FA817BF36BADDE0C6DD4A39234D8326AD2A38AA811B42DA3C69B90152D6EE3ECAD9A8BE460561E753DD0D0EDEC478AC79A52984D78D4281A4B56D8466A6EF0B03D9AA5472DE24C998E22AD4A464B9E9C27174E7420559C6A22431174E12CBF90AB2391131D4813959799196403A3D192CF78F4302B8F2ACD0C6B2C6115B1E012B973C2A30EB5E42859A3E117EAAA8E188E4B43545AFF718F3E096719E8587042288F1A4542C49E8992B33C6A2191131E35AAC8F5C055CBA3561239E151557789E17011FE188D298F1A49E484478DA22B8F3DEA650C0A334D08E1516542742884051713AB735C21A2EA3133C95658E70C383FB36CE50A115553C2264AB0CBB4E6BFA429511E55FAE78E21A6C546DA4CE5518BF2A8F0C2912DCD209AF00D722EDDE3EC07D184472D6AE8D0B3091941ABD2A32A612850EFFDAFCCD90C4DEE5185DB229517EEB606D1C45DF3A285636823D583A189BBA6860E0C6D44AF189AD8A3AA892AF3A823825051C9ADD2A3CAA811673F920678D65BA5474D42AAD85C7048472BEC40AAB14715F583F46E2870D67E21FE723B104E78D4A22247D40A7954AB25CF051AE82A3DAA5A5562038D9F89D81E95A4AADAA3CA5525ECDD70E466C3DDCF01CEF0ABF4A84ED491D4517DADB9C88CFD42951ED57737963821CC6D6023654E795425A991DCB99189529DA147ADD2A306E5B460B6E2275DB36103674FB25579D4206671180E676B35068509EF51ABF4A841642B1EDAE063F5CE2874A1401F588D456AEF0A1A9FAB49D7189C34A9A20AC3741D842BF0D943958B5435D467B5045561FB5C492DD19B54F1268364046ACF4D38225FDAA60AC3D5E16A86D98477C8AA29215DF0D08D636CC23C6471A63D46758CAD194E95CB0373AAC8D80CB389FB164501669BDEEDEE5B935E5529578F571D669366B57F0DBD299B74ABC2E313B6A13385AEAB1976B5F7F5FB602EE056A949BFAAFAB84D2F5C8066BA49BF2A17BE64283D74AA78F0DB8C77BFA28C10BD478B106FBC988E337CE6D88C77BFFD661AE9BD11B799054E3FFBE52D269EFDE22ECE60AB056EB79A7CF55BBBFBA43012B71623611B7DF44BE206EB8861565B26454E3FFA15AB68D8280598AAD1F083CD43B3DAA4599570501D02F483D6F7076A2415589955656AF04235C08961B672D5C1CD5B9366D575AFA203DEF61AABE89CA0E36AD2ABAAB5203B56A45D161CADC0FAD1AFB873E43B6FF02DB701171C6997F4A35F319423ED122A73E6B19212ACAC6A51CF813ABE9167B191B0E947BF4255C98543CA358A26C4210D74235B464D3EFAE5BEA174CCCE3F83F6FBCDB4FCF9723C2FAFD7AFB13EBF3D3EFEFC1BC27DE25E');
CREATE TABLE history (              -- append-only, no index (see docs/decisions.md)
    at INTEGER NOT NULL,            -- Unix seconds
    sensor INTEGER NOT NULL,
    temperature INTEGER,            -- hundredths of a degree Celsius
    humidity INTEGER                -- tenths of a percent
);
INSERT INTO "history" VALUES(1782565200,1,3092,417);
INSERT INTO "history" VALUES(1782565200,2,3198,400);
INSERT INTO "history" VALUES(1782565500,1,3099,415);
INSERT INTO "history" VALUES(1782565500,2,3199,398);
INSERT INTO "history" VALUES(1782565800,1,3104,414);
INSERT INTO "history" VALUES(1782565800,2,3204,398);
INSERT INTO "history" VALUES(1782566100,1,3112,409);
INSERT INTO "history" VALUES(1782566100,2,3205,396);
INSERT INTO "history" VALUES(1782566400,1,3121,409);
INSERT INTO "history" VALUES(1782566400,2,3209,394);
INSERT INTO "history" VALUES(1782566700,1,3126,407);
INSERT INTO "history" VALUES(1782566700,2,3209,397);
CREATE TABLE lease (
    device_id TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "lease" VALUES('fan-bedroom','{"device_id":"fan-bedroom","phase":"idle","desired":null,"state_before":null,"is_confirmed":false,"command_id":1,"started":null,"until":null,"timer_until":null,"last_command":{"boot_id":"stepped","boot_s":1782532800.0,"utc":"2026-06-27T04:00:00Z"},"switched_on":{"boot_id":"stepped","boot_s":1782532800.0,"utc":"2026-06-27T04:00:00Z"},"switched_off":null,"override_until":null,"blind_since":null,"has_ended_blind":false,"room_at_start_c":null}');
INSERT INTO "lease" VALUES('fan-living','{"device_id":"fan-living","phase":"idle","desired":null,"state_before":null,"is_confirmed":false,"command_id":1,"started":null,"until":null,"timer_until":null,"last_command":{"boot_id":"stepped","boot_s":1782532800.0,"utc":"2026-06-27T04:00:00Z"},"switched_on":{"boot_id":"stepped","boot_s":1782532800.0,"utc":"2026-06-27T04:00:00Z"},"switched_off":null,"override_until":null,"blind_since":null,"has_ended_blind":false,"room_at_start_c":null}');
CREATE TABLE memory (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "memory" VALUES('announced','{"devices":{"homeassistant/device/keepcool_demo/config":{"running":"binary_sensor","trouble":"binary_sensor","alerts":"sensor","holiday":"switch","holiday_until":"sensor","forecast_source":"sensor","forecast_at":"sensor","road_down":"binary_sensor","messages_waiting":"sensor","version":"sensor","check":"button","check_result":"sensor","checked_at":"sensor"},"homeassistant/device/keepcool_demo_room_living_room/config":{"heat_level":"sensor","feels_like":"sensor","temperature":"sensor","humidity":"sensor","expected_heat_level":"sensor","expected_at":"sensor","too_hot_expected":"binary_sensor","limit":"sensor","reason":"sensor","unseen":"binary_sensor","automatic_cooling":"switch"},"homeassistant/device/keepcool_demo_room_bedroom/config":{"heat_level":"sensor","feels_like":"sensor","temperature":"sensor","humidity":"sensor","expected_heat_level":"sensor","expected_at":"sensor","too_hot_expected":"binary_sensor","limit":"sensor","reason":"sensor","unseen":"binary_sensor","automatic_cooling":"switch"},"homeassistant/device/keepcool_demo_person_anna/config":{"heat_level":"sensor","drinks_today":"sensor","drinks_goal":"sensor","next_drink":"sensor","drink":"button","snooze":"switch","snoozed_until":"sensor","out":"switch","out_until":"sensor","alert":"event","test_alert":"button"}},"states":["keepcool/demo/room/bedroom/state","keepcool/demo/person/anna/state","keepcool/demo/room/living_room/state"]}');
INSERT INTO "memory" VALUES('level:anna/bedroom','3');
INSERT INTO "memory" VALUES('level:anna/living_room','2');
INSERT INTO "memory" VALUES('person:anna','{"peak_day":"2026-06-27","peak_level":3,"nudges_ignored":3,"sign_of_life":{"boot_id":"stepped","boot_s":1782541200.0,"utc":"2026-06-27T06:20:00Z"},"snooze":null,"out":null,"was_away":false}');
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    deduplication_key TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    severity INTEGER NOT NULL,
    is_clear INTEGER NOT NULL,
    created_boot_id TEXT NOT NULL,
    created_boot_s REAL NOT NULL,
    created_utc TEXT NOT NULL,
    state TEXT NOT NULL,            -- due, sent, superseded, expired
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    finished_utc TEXT,
    body TEXT NOT NULL
);
INSERT INTO "outbox" VALUES('bb423b3a541146728d9f9286a7d092b0','keepcool-heat-anna-1/2/2/anna:mobile_app_annas_phone/new//2026-06-27T04:00+00:00','anna','anna:mobile_app_annas_phone','keepcool-heat-anna-1',2,0,'stepped',1782532800.0,'2026-06-27T04:00:00+00:00','sent',1,NULL,'2026-06-27T04:00:00+00:00','{"row_id":"bb423b3a541146728d9f9286a7d092b0","deduplication_key":"keepcool-heat-anna-1/2/2/anna:mobile_app_annas_phone/new//2026-06-27T04:00+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-heat-anna-1","title":"Cool down now: Bedroom 28°","body":"A cooler place or a wet cloth can help. A fan helps at this temperature. Air 28.0°, feels like 28.5°.","severity":2,"buttons":[{"action":"KEEPCOOL_A969EA022694D38F","title":"I''m on it"},{"action":"KEEPCOOL_6D12C168F60EB7F0","title":"Drank 200 ml"},{"action":"KEEPCOOL_A118D7D26805590D","title":"Snooze 1 h"}],"is_clear":false},"created":{"boot_id":"stepped","boot_s":1782532800.0,"utc":"2026-06-27T04:00:00Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
INSERT INTO "outbox" VALUES('4189bb093680475191bc0bb1a3caf89c','keepcool-hydration-anna/clear/anna:mobile_app_annas_phone/2026-06-27T06:20:01+00:00','anna','anna:mobile_app_annas_phone','keepcool-hydration-anna',0,1,'stepped',1782541201.0,'2026-06-27T06:20:01+00:00','sent',1,NULL,'2026-06-27T06:25:00+00:00','{"row_id":"4189bb093680475191bc0bb1a3caf89c","deduplication_key":"keepcool-hydration-anna/clear/anna:mobile_app_annas_phone/2026-06-27T06:20:01+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-hydration-anna","title":"","body":"","severity":0,"buttons":[],"is_clear":true},"created":{"boot_id":"stepped","boot_s":1782541201.0,"utc":"2026-06-27T06:20:01Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
INSERT INTO "outbox" VALUES('03186712a1ae406f82c8fcb506a20f63','keepcool-hydration-anna/0/1/anna:mobile_app_annas_phone/nudge//2026-06-27T10:35+00:00','anna','anna:mobile_app_annas_phone','keepcool-hydration-anna',1,0,'stepped',1782556500.0,'2026-06-27T10:35:00+00:00','sent',1,NULL,'2026-06-27T10:35:00+00:00','{"row_id":"03186712a1ae406f82c8fcb506a20f63","deduplication_key":"keepcool-hydration-anna/0/1/anna:mobile_app_annas_phone/nudge//2026-06-27T10:35+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-hydration-anna","title":"Have a drink: 200 of 2,100 ml","body":"200 ml now is a good step. No need to catch up at once.","severity":1,"buttons":[{"action":"KEEPCOOL_CFB85B35EA31C6E2","title":"Drank 200 ml"},{"action":"KEEPCOOL_71BF1574F0A14C86","title":"I''m out"}],"is_clear":false},"created":{"boot_id":"stepped","boot_s":1782556500.0,"utc":"2026-06-27T10:35:00Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
INSERT INTO "outbox" VALUES('c265b93db72a4add8ad950cec8eff11d','keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/level_rose//2026-06-27T12:35+00:00','anna','anna:mobile_app_annas_phone','keepcool-heat-anna-1',4,0,'stepped',1782563700.0,'2026-06-27T12:35:00+00:00','sent',1,NULL,'2026-06-27T12:35:00+00:00','{"row_id":"c265b93db72a4add8ad950cec8eff11d","deduplication_key":"keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/level_rose//2026-06-27T12:35+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-heat-anna-1","title":"Cool down at once: Bedroom 32°","body":"A fan helps at this temperature. Air 31.8°. Your limit: 32°.\nIf you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling has not helped, call 112.","severity":4,"buttons":[{"action":"KEEPCOOL_4B7FE2162C30810F","title":"I''m on it"}],"is_clear":false},"created":{"boot_id":"stepped","boot_s":1782563700.0,"utc":"2026-06-27T12:35:00Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
INSERT INTO "outbox" VALUES('441361a7170d4c3e8b6ce8f10f82ebff','keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/repeated/repeat_1/2026-06-27T12:45+00:00','anna','anna:mobile_app_annas_phone','keepcool-heat-anna-1',4,0,'stepped',1782564300.0,'2026-06-27T12:45:00+00:00','sent',1,NULL,'2026-06-27T12:45:00+00:00','{"row_id":"441361a7170d4c3e8b6ce8f10f82ebff","deduplication_key":"keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/repeated/repeat_1/2026-06-27T12:45+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-heat-anna-1","title":"Please answer: Bedroom 32°","body":"No answer since 14:35. A fan helps at this temperature. Air 31.9°. Your limit: 32°.\nIf you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling has not helped, call 112.","severity":4,"buttons":[{"action":"KEEPCOOL_F5F89FA5B1AC6C90","title":"I''m on it"}],"is_clear":false},"created":{"boot_id":"stepped","boot_s":1782564300.0,"utc":"2026-06-27T12:45:00Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
INSERT INTO "outbox" VALUES('53c4bc5640e54d349f49212bbfb4a7cb','keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/repeated/repeat_2/2026-06-27T12:55+00:00','anna','anna:mobile_app_annas_phone','keepcool-heat-anna-1',4,0,'stepped',1782564900.0,'2026-06-27T12:55:00+00:00','sent',1,NULL,'2026-06-27T12:55:00+00:00','{"row_id":"53c4bc5640e54d349f49212bbfb4a7cb","deduplication_key":"keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/repeated/repeat_2/2026-06-27T12:55+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-heat-anna-1","title":"Please answer: Bedroom 32°","body":"No answer since 14:35. A fan helps at this temperature. Air 31.9°. Your limit: 32°.\nIf you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling has not helped, call 112.","severity":4,"buttons":[{"action":"KEEPCOOL_EBE1A4531D16C2A8","title":"I''m on it"}],"is_clear":false},"created":{"boot_id":"stepped","boot_s":1782564900.0,"utc":"2026-06-27T12:55:00Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
INSERT INTO "outbox" VALUES('408a48d9d8744040b41bd1ac6c1ac0b6','keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/repeated/repeat_3/2026-06-27T13:15+00:00','anna','anna:mobile_app_annas_phone','keepcool-heat-anna-1',4,0,'stepped',1782566100.0,'2026-06-27T13:15:00+00:00','due',1,'home assistant does not answer',NULL,'{"row_id":"408a48d9d8744040b41bd1ac6c1ac0b6","deduplication_key":"keepcool-heat-anna-1/3/4/anna:mobile_app_annas_phone/repeated/repeat_3/2026-06-27T13:15+00:00","person_id":"anna","channel_id":"anna:mobile_app_annas_phone","message":{"service":"mobile_app_annas_phone","kind":"android","tag":"keepcool-heat-anna-1","title":"Please answer: Bedroom 32°","body":"No answer since 14:35. A fan helps only with wet skin. Air 32.0°. Your limit: 32°.\nIf you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling has not helped, call 112.","severity":4,"buttons":[{"action":"KEEPCOOL_D8CA0C37D7237EAE","title":"I''m on it"}],"is_clear":false},"created":{"boot_id":"stepped","boot_s":1782566100.0,"utc":"2026-06-27T13:15:00Z"},"state":"due","attempts":0,"last_error":null,"finished_utc":null,"first_raised":null}');
CREATE TABLE outdoor_hour (
    hour INTEGER NOT NULL,
    temperature INTEGER NOT NULL,   -- hundredths of a degree Celsius
    humidity INTEGER,               -- percent
    radiation INTEGER,              -- W/m2 on a level surface
    cloud INTEGER                   -- percent
);
INSERT INTO "outdoor_hour" VALUES(495155,3150,40,700,10);
INSERT INTO "outdoor_hour" VALUES(495156,3200,NULL,NULL,NULL);
CREATE TABLE room (
    number INTEGER PRIMARY KEY,     -- the short name used below
    room_id TEXT NOT NULL UNIQUE
);
INSERT INTO "room" VALUES(1,'bedroom');
INSERT INTO "room" VALUES(2,'living');
CREATE TABLE room_forecast (
    room INTEGER NOT NULL,
    hour INTEGER NOT NULL,          -- the last one that was over when it was made
    body BLOB NOT NULL              -- daemon/hours.py
);
INSERT INTO "room_forecast" VALUES(2,495156,X'789CFBC015C2BD835B86A787EB034D58105E030F4C9CDA2C08EF090F4C9CDA2C191E3F9E57DC0C290C2421003D545885');
CREATE TABLE room_hour (
    room INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    temperature INTEGER,            -- mean effective temperature, hundredths of a degree Celsius
    cooling INTEGER                 -- percent of the known hour in which it was cooled
);
INSERT INTO "room_hour" VALUES(2,495155,2731,25);
INSERT INTO "room_hour" VALUES(1,495156,NULL,NULL);
CREATE TABLE sensor (
    sensor_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,  -- the short name used in history
    body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "sensor" VALUES('zigbee2mqtt-bedroom',2,'{"at":{"boot_id":"","boot_s":1782566700.0,"utc":"2026-06-27T13:25:00Z"},"temperature_c":32.09,"relative_humidity_pct":39.67,"usual_interval_s":300.0,"watched_s":33900.0,"shortest_gap_s":300.0,"longest_gap_s":300.0,"gaps":113}');
INSERT INTO "sensor" VALUES('zigbee2mqtt-living_room',1,'{"at":{"boot_id":"","boot_s":1782566700.0,"utc":"2026-06-27T13:25:00Z"},"temperature_c":31.26,"relative_humidity_pct":40.66,"usual_interval_s":300.0,"watched_s":33900.0,"shortest_gap_s":300.0,"longest_gap_s":300.0,"gaps":113}');
CREATE INDEX outbox_due ON outbox (state) WHERE state = 'due';
COMMIT;
PRAGMA user_version=3;
