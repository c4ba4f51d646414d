def test_x(world, hidden):
    print({k: len(v) for k, v in hidden.ids.items()})
    print(world.server.log.read_text()[-3000:])
