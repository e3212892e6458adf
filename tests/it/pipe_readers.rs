//! A copy with readers, from the order to the dump. At `rds-local` one server answers for all instances of a cluster;
//! that a server of its own is read rightly is in `dump_readers.rs`.

use crate::pipe::Night;
use crate::support::on_all_servers_at_once;

#[test]
fn the_readers_of_a_copy_are_in_the_document_and_share_the_reading() {
    on_all_servers_at_once(|server| {
        let night = Night::small(server.engine);
        let pipe = "rds-snap | rds-wait | rds-restore --readers 2 | mydehydrate | mydump-rotate --workers 4 | rds-drop";
        let outcome = night.run("shared", pipe);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let cluster = outcome.document.cluster.as_ref().unwrap();
        let ids: Vec<&str> = cluster.readers.iter().map(|reader| reader.id.as_str()).collect();
        assert_eq!(ids, cluster.instances[1..]);
        let places: Vec<(&str, u16)> =
            cluster.readers.iter().map(|reader| (reader.host.as_str(), reader.port)).collect();
        assert_eq!(places, [("127.0.0.1", cluster.port); 2]);
        let at = |count: u8| format!("{count} at admin@127.0.0.1:{}", cluster.port);
        let said = format!("reading through 4 connections: {}, {}, {}", at(2), at(1), at(1));
        assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
        assert_eq!(outcome.document.dump.as_ref().unwrap().rows, 5);
        assert_eq!(night.dumps().len(), 1);
        night.assert_clean("a night with readers");
    });
}
