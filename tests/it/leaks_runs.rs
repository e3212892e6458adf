//! Records of originals as they are stored on a server: written, read, looked up, taken out.

use refreshkit::scan::{self, Record};
use refreshkit::work_schema::Originals;

use crate::support::for_each_server;

#[test]
fn runs_of_originals_come_back_as_they_were_written_and_lose_what_is_taken_out() {
    for_each_server(|server| {
        let scratch = server.scratch("runs");
        let mut session = server.session();
        let originals = Originals::create_with(&mut session, &scratch.name, [7; scan::KEY_BYTES]).unwrap();
        let record = |n: u64| -> Record {
            let mut record = [n.to_be_bytes()[7]; scan::RECORD_BYTES];
            record[..8].copy_from_slice(&n.to_be_bytes());
            record
        };
        // Three pieces and a bit; another column has one of them too.
        let long: Vec<Record> = (0..3_500).map(|n| record(n * 2)).collect();
        originals.write(&mut session, 0, 7, &long).unwrap();
        originals.write(&mut session, 1, 8, &[record(1), record(4_000)]).unwrap();
        let mut read = Vec::new();
        let count = originals.each(&mut session, |origin, record| read.push((origin, *record))).unwrap();
        assert_eq!(count, 3_502);
        assert!(long.iter().all(|record| read.contains(&(7, *record))) && read.contains(&(8, record(1))));
        let of = |session: &mut _, n: u64| originals.origin_of(session, n).unwrap();
        let ask = [0, 1, 2, 3, 2_046, 2_048, 6_998, 7_000].map(|n| of(&mut session, n));
        assert_eq!(ask, [Some(7), Some(8), Some(7), None, Some(7), Some(7), Some(7), None]);

        for n in [0, 2_048, 6_998] {
            assert!(originals.remove(&mut session, 0, &record(n)).unwrap(), "{n}");
            assert!(!originals.remove(&mut session, 0, &record(n)).unwrap(), "{n} is gone");
            assert_eq!(of(&mut session, n), None);
        }
        assert_eq!((of(&mut session, 2), of(&mut session, 2_050)), (Some(7), Some(7)));
        originals.remove(&mut session, 0, &record(4_000)).unwrap();
        assert_eq!(of(&mut session, 4_000), Some(8), "the other column keeps its own");
        let stored =
            scratch.run("SELECT HEX(GROUP_CONCAT(records SEPARATOR '')) FROM originals WHERE run = 1");
        assert!(!stored.contains("0FA0A0A0"), "a record is sealed");
    });
}
