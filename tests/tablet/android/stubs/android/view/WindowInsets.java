package android.view;

import android.graphics.Insets;

/** Bars of 10 to 40 pixels; a cut-out of 70 at the top. */
public class WindowInsets {
    public static class Type {
        public static int systemBars() { return 7; }
        public static int displayCutout() { return 128; }
        public static int ime() { return 8; }
    }
    public Insets getInsets(int types) {
        return Insets.of(10, (types & 128) != 0 ? 70 : 20, 30, (types & 8) != 0 ? 500 : 40);
    }
    public int getSystemWindowInsetLeft() { return 1; }
    public int getSystemWindowInsetTop() { return 2; }
    public int getSystemWindowInsetRight() { return 3; }
    public int getSystemWindowInsetBottom() { return 4; }
}
