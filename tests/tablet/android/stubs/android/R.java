package android;

public final class R {
    public static final class drawable {
        public static final int stat_sys_upload = 0x01080088;
    }
}
