//! What `dev-restore` must not lose or touch when a refresh fails or was killed.

use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::support::for_each_server;

#[test]
fn a_refresh_that_cannot_have_the_tables_leaves_the_copy_for_undo() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        place.tool(&["--target", "dev3"]).run().exits(0);
        let mut busy = server.session();
        busy.run("beginning", "BEGIN").unwrap();
        busy.first::<u64>("reading", &format!("SELECT COUNT(*) FROM `{}`.bag", place.database())).unwrap();
        let output = place.tool(&["--target", "dev3"]).run().exits(75);
        assert!(output.stderr.contains("is in use, the swap waited"), "{}", output.stderr);
        busy.run("ending", "COMMIT").unwrap();
        assert_same(&picture(server, place.database()), &picture(server, &source.name));
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);
    });
}
